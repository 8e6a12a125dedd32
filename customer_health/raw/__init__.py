"""Raw files of all forms: what lies in a folder, and how DuckDB reads it.

- `entries`: the tables of a folder, and what is passed over
- `broken`: the sentence for a file that cannot be read
- `contents`: compression and encodings; `likely_encoding` names one for a sentence
- `parts`: the parts of a table, united by the names of their columns
- `delimited`, `json_files`, `parquet`, `workbook`: a module for each form
"""
