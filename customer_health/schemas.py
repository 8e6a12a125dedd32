"""Names of the schemas, and of the sets in which a server's are built."""

RAW = "raw"
MARTS = "marts"
# The mart in which a build tells of itself.
BUILD_INFO = "build_info"
QUALITY = "quality"

# What dbt builds, each layer after those it reads.
LAYERS = ("staging", "intermediate", QUALITY, MARTS)

# What grows from build to build, outside the sets of a server.
HISTORY = "history"

# Not for readers of the marts: both may hold personal data.
PRIVATE = (RAW, QUALITY)

# The set that plain dbt builds on a server, as the macro generate_schema_name has it.
NEXT = "next"


def in_set(schema: str, name: str) -> str:
    """Return the name of a schema in a set, such as marts__next."""
    return f"{schema}__{name}"
