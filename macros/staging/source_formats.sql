{#
    The rows of a source table, to stand between `from` and an alias. Of columns that the setting
    customer_health_formats names, numbers, days and yes/no come in the plain form that staging reads.
#}
{% macro source_rows(table) %}
    {%- set formats = customer_health.source_formats().get(table.identifier, {}) -%}
    {#- A unit test does not know the sources, and writes its rows plainly. -#}
    {%- set formats = formats if execute and graph.get('sources') else {} -%}
    {%- if not formats -%}{{- return(table) -}}{%- endif -%}
    {%- set types = customer_health.declared_types(table.identifier) -%}
    {%- set selected = [] -%}
    {%- for column in adapter.get_columns_in_relation(table) -%}
        {%- set name = column.name | lower -%}
        {%- set quoted = adapter.quote(column.name) -%}
        {%- set format = dict(formats.get('every_column', {}), **formats.get(name, {})) -%}
        {%- if types.get(name, 'varchar') != 'varchar' and customer_health.kind_of_type(column.data_type) == 'text' -%}
            {%- do selected.append(customer_health.in_plain_form(quoted, types[name], format) ~ ' as ' ~ quoted) -%}
        {%- else -%}
            {%- do selected.append(quoted) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return('(select ' ~ selected | join(', ') ~ ' from ' ~ table ~ ')') -}}
{% endmacro %}

{#
    A text in the plain form of its type (that which the source declares), if it is written as `format` says.
    Anything else stays; a number that is not written so gets a remark, so that it is refused: read plainly it
    may be another number.
#}
{% macro in_plain_form(column, type, format) %}
    {%- set branches = [] -%}
    {%- for plain in ['true', 'false'] if format.get(plain ~ '_words') and type in ['boolean', 'integer'] -%}
        {%- set words = [] -%}
        {%- for word in format[plain ~ '_words'] -%}{%- do words.append(customer_health.text_literal(word | lower)) -%}{%- endfor -%}
        {%- do branches.append(
            'when lower(' ~ customer_health.trimmed(column) ~ ') in (' ~ words | join(', ') ~ ") then '" ~ plain ~ "'"
        ) -%}
    {%- endfor -%}
    {%- if format.date_order and type in ['date', 'timestamp', 'bigint'] -%}
        {%- set pattern = customer_health.written_day_pattern(format.date_order) -%}
        {%- do branches.append(
            'when ' ~ customer_health.text_matches(column, pattern) ~ ' then '
            ~ customer_health.day_in_plain_form(column, pattern, format.date_order)
        ) -%}
    {%- endif -%}
    {%- if (format.decimal_sign or format.thousands_sign or format.units) and type not in ['date', 'timestamp'] -%}
        {%- set text = column -%}
        {%- if format.thousands_sign == "'" -%}
            {#- Both apostrophes are in use; this one needs no escape on any engine. -#}
            {%- set text = 'replace(' ~ column ~ ', ' ~ customer_health.text_literal("'") ~ ", '’')" -%}
        {%- endif -%}
        {%- set pattern = customer_health.written_number_pattern(format) -%}
        {%- do branches.append(
            'when ' ~ customer_health.text_matches(text, pattern) ~ ' then '
            ~ customer_health.number_in_plain_form(text, pattern, format)
        ) -%}
        {%- do branches.append(
            'when ' ~ customer_health.text_matches(column, '[0-9]') ~ ' then ' ~ column
            ~ " || ' (not written as in customer_health_formats)'"
        ) -%}
    {%- endif -%}
    {{- return('case ' ~ branches | join(' ') ~ ' else ' ~ column ~ ' end' if branches else column) -}}
{% endmacro %}

{# A number with its sign (groups 1 and 2) and digits (group 3), units before or after it. #}
{% macro written_number_pattern(format) %}
    {%- set unseen = customer_health.unseen_characters() ~ '*' -%}
    {%- set units = [] -%}
    {%- for unit in format.get('units', []) -%}{%- do units.append('[' ~ unit | list | join('][') ~ ']') -%}{%- endfor -%}
    {%- set unit = '(?:' ~ units | join('|') ~ ')?' if units else '' -%}
    {%- set decimals = '[' ~ format.get('decimal_sign', '.') ~ ']' -%}
    {%- set whole = '[0-9]+' -%}
    {%- if format.thousands_sign -%}
        {%- set whole = '(?:[0-9]{1,3}(?:' ~ customer_health.thousands_class(format) ~ '[0-9]{3})+|[0-9]+)' -%}
    {%- endif -%}
    {{- return(
        '^' ~ unseen ~ '([+-]?)' ~ unseen ~ unit ~ unseen ~ '([+-]?)'
        ~ '((?:' ~ whole ~ '(?:' ~ decimals ~ '[0-9]*)?|' ~ decimals ~ '[0-9]+)(?:[eE][+-]?[0-9]+)?)'
        ~ unseen ~ unit ~ unseen ~ '\\z'
    ) -}}
{% endmacro %}

{# The thousands sign as the class of a pattern; a blank stands for each of Unicode's. #}
{% macro thousands_class(format) %}
    {%- set sign = {"'": '’', ' ': customer_health.separators()}.get(format.thousands_sign, format.thousands_sign) -%}
    {{- return('[' ~ sign ~ ']') -}}
{% endmacro %}

{# A number that matches written_number_pattern, as 1234.5. #}
{% macro number_in_plain_form(text, pattern, format) %}
    {%- set number = customer_health.text_replaced(text, pattern, '\\1\\2\\3') -%}
    {%- if format.thousands_sign -%}
        {%- set number = customer_health.text_replaced(number, customer_health.thousands_class(format), '') -%}
    {%- endif -%}
    {{- return('replace(' ~ number ~ ", ',', '.')" if format.decimal_sign == ',' else number) -}}
{% endmacro %}

{# A day of a calendar in one of the orders dmy, mdy and ymd (groups 1 to 3), with or without a time (group 4). #}
{% macro written_day_pattern(order) %}
    {%- set unseen = customer_health.unseen_characters() ~ '*' -%}
    {%- set parts = [] -%}
    {%- for letter in order -%}{%- do parts.append('([0-9]{4})' if letter == 'y' else '([0-9]{1,2})') -%}{%- endfor -%}
    {{- return('^' ~ unseen ~ parts | join('[./-]') ~ '(?:,?[ T]([0-9]{1,2}:[0-9]{2}.*))?' ~ unseen ~ '\\z') -}}
{% endmacro %}

{#
    A text that matches written_day_pattern, as 2026-06-30 with its time behind it: each part gets a zero before it,
    and loses it where it has two digits.
#}
{% macro day_in_plain_form(text, pattern, order) %}
    {%- set group = {} -%}
    {%- for letter in order -%}{%- do group.update({letter: '\\' ~ loop.index}) -%}{%- endfor -%}
    {%- set padded = customer_health.text_replaced(text, pattern, group.y ~ '-0' ~ group.m ~ '-0' ~ group.d ~ ' 0\\4') -%}
    {{- return(customer_health.text_replaced(
        padded, '^([0-9]{4})-0?([0-9]{2})-0?([0-9]{2}) 0?((?:[0-9]{2}:.*)?)\\z', '\\1-\\2-\\3 \\4'
    )) -}}
{% endmacro %}

{# The columns of a source table -> the type that the project declares; snapshots have those of the account view. #}
{% macro declared_types(table_name) %}
    {%- set names = [table_name] -%}
    {%- if table_name == 'salesforce__customer_360_history' -%}{%- do names.append('salesforce__customer_360_view') -%}{%- endif -%}
    {%- set types = {} -%}
    {%- for table in graph.get('sources', {}).values() if table.package_name == 'customer_health' and table.name in names -%}
        {%- for name, column in table.columns.items() -%}
            {%- do types.update({name: column.data_type or 'varchar'}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(types) -}}
{% endmacro %}

{#
    The setting customer_health_formats, checked: source table -> column, or every_column -> decimal_sign,
    thousands_sign, units, date_order, true_words, false_words. Names are held to the sources where these are
    known: not while the project is parsed, nor in a unit test.
#}
{% macro source_formats() %}
    {%- set where = 'setting customer_health_formats' -%}
    {%- set formats = var('customer_health_formats') -%}
    {%- if formats == {} -%}{{- return(formats) -}}{%- endif -%}
    {%- set sources = graph.get('sources') -%}
    {%- set tables = (sources.values() | selectattr('package_name', 'equalto', 'customer_health')
        | map(attribute='name') | list) if sources else formats | list -%}
    {%- do customer_health.check_keys(where, formats, [], tables) -%}
    {%- for table_name, columns in formats.items() -%}
        {%- set read = ['every_column'] -%}
        {%- for name, type in customer_health.declared_types(table_name).items() if type != 'varchar' -%}
            {%- do read.append(name) -%}
        {%- endfor -%}
        {%- do customer_health.check_keys(where ~ ', ' ~ table_name, columns, [], read if sources else columns | list) -%}
        {%- for name, format in columns.items() -%}
            {%- do customer_health.check_format(where ~ ', ' ~ table_name ~ ', ' ~ name, format) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(formats) -}}
{% endmacro %}

{# Stops the run unless a format is one that in_plain_form can read without doubt. #}
{% macro check_format(where, format) %}
    {%- do customer_health.check_keys(where, format, [], [
        'decimal_sign', 'thousands_sign', 'units', 'date_order', 'true_words', 'false_words'
    ]) -%}
    {%- for key, choices in {
        'decimal_sign': ['.', ','], 'thousands_sign': ['.', ',', "'", ' '], 'date_order': ['dmy', 'mdy', 'ymd']
    }.items() if key in format -%}
        {%- do customer_health.check_choice(where ~ ', key ' ~ key, format[key], choices) -%}
    {%- endfor -%}
    {%- if format.get('thousands_sign') == format.get('decimal_sign', '.') -%}
        {{- customer_health.raise_error(
            where, 'has one sign for decimals and thousands', 'give two, such as decimal_sign: "," and thousands_sign: "."'
        ) -}}
    {%- endif -%}
    {%- for key in ['units', 'true_words', 'false_words'] if key in format -%}
        {%- do customer_health.check_list(where ~ ', key ' ~ key, format[key]) -%}
        {%- for word in format[key] -%}
            {%- do customer_health.check_label(where ~ ', key ' ~ key, word) -%}
            {%- if key == 'units' and not modules.re.match('^[^-0-9\\s.,+()^\\[\\]]+$', word) -%}
                {{- customer_health.raise_error(
                    where ~ ', key units', 'has ' ~ word, 'give currencies and %, without blanks, digits, points or brackets'
                ) -}}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
{% endmacro %}
