"""What a build writes for people: the report site and the deliverables, from the published file."""

from customer_health import settings
from customer_health.deliverables.files import DELIVERABLES
from customer_health.deliverables.write import write_deliverables
from customer_health.nodes import counted
from customer_health.profile import Target
from customer_health.progress import detail, say, stage


def write_outputs(target: Target, site: bool = True, deliverables: bool = True) -> list[str]:
    """Write the site and the deliverables; return the lines that tell where they are.

    Both are read from a published DuckDB file: on other engines a line says so.
    """
    if not site and not deliverables:
        return []
    if target.engine != "duckdb":
        say("The site and the deliverables are made from a published DuckDB file only.")
        return []
    published, lines = settings.published_file(), []
    if site:
        with stage("Site") as writing:
            # Its packages are imported for whoever wants the site only.
            from customer_health.report.site import write_site

            folder = settings.site_folder()
            writing.result = str(write_site(published, folder))
        lines.append(f"Site          {folder / 'index.html'}")
    if deliverables:
        with stage("Deliverables") as writing:
            folder = settings.deliverables_folder()
            written = write_deliverables(published, folder, detail)
            writing.result = counted(len(written.names), "file")
            if left_out := len(DELIVERABLES) - len(written.names):
                writing.result += f", {left_out} left out, whose subject or policy is not built"
        if written.names:
            lines.append(f"Deliverables  {folder}, {len(written.names)} files")
    return lines
