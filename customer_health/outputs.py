"""What a build writes for people: the report site and the deliverables, from the published file."""

from customer_health import settings
from customer_health.deliverables.write import write_deliverables
from customer_health.profile import Target
from customer_health.progress import say


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
        # Its packages are imported for whoever wants the site only.
        from customer_health.report.site import write_site

        folder = settings.site_folder()
        say(f"Writing the report site into {folder}.")
        write_site(published, folder)
        lines.append(f"Site          {folder / 'index.html'}")
    if deliverables:
        folder = settings.deliverables_folder()
        say(f"Writing the deliverables into {folder}.")
        written = write_deliverables(published, folder)
        if written.names:
            lines.append(f"Deliverables  {folder}, {len(written.names)} files")
    return lines
