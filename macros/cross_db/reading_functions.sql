{#- What the macros that read raw values need in the warehouse before anything is built: functions, where casts stop the
    query that should give null. They stand in the target's own schema, beside the schemas of the build. -#}
{% macro create_reading_functions() %}
    {% if execute and flags.WHICH in ['build', 'run', 'test', 'seed'] %}
        {% do adapter.dispatch('create_reading_functions', 'retention_ledger')() %}
    {% endif %}
{% endmacro %}

{% macro default__create_reading_functions() %}{% endmacro %}

{% macro redshift__create_reading_functions() %}{% endmacro %}

{% macro postgres__create_reading_functions() %}
    {% do adapter.create_schema(api.Relation.create(database=target.database, schema=target.schema)) %}
    {% do run_query(reading_functions()) %}
    {% do run_query(spelled_timestamp_function()) %}
{% endmacro %}


{% macro reading_function(name) -%}
    {{ adapter.quote(target.schema) }}.retention_ledger_{{ name }}
{%- endmacro %}


{#- Nothing here catches an error of a cast, which costs as much as twenty casts and stops parallel queries: what would
    not be read is found out before. They are volatile, which keeps the steps of a query steps: PostgreSQL writes
    each step into every place that reads it, and would read a text a hundred times. -#}
{% macro reading_functions() %}
create or replace function {{ reading_function('clean_text') }}(value text, missing text[])
returns text language plpgsql volatile strict parallel unsafe as $body$
declare
    cleaned text := btrim(value, '{{ white_space() }}');
begin
    if cleaned = any(missing) then return null; end if;
    return cleaned;
end $body$;

create or replace function {{ reading_function('number') }}(value text, whole_digits integer, scale integer)
returns numeric language plpgsql volatile strict parallel unsafe as $body$
declare
    number numeric;
begin
    if value !~ '^[+-]?([0-9]{1,60}([.][0-9]{0,60})?|[.][0-9]{1,60})([eE][+-]?[0-9]{1,2})?$' then return null; end if;
    number := round(cast(value as numeric), scale);
    return case when abs(number) < cast('1' || repeat('0', whole_digits) as numeric) then number end;
end $body$;

create or replace function {{ reading_function('timestamp') }}(value text)
returns timestamp language plpgsql volatile strict parallel unsafe as $body$
declare
    found text[];
    first_day date;
begin
    {#- Most are written in full. An expression with parts to be found is twenty times as slow as one without. #}
    if value ~ '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])([ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?)?$' and left(value, 4) <> '0000' then
        return cast(value as timestamp);
    end if;
    {#- A sixtieth second is no time of day, 24:00 the next day; what is finer than microseconds is cut off. #}
    found := regexp_match(
        value,
        '^([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})([ T] ?(([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?|24:00(:00([.]0{1,6})?)?)[0-9]*)?$'
    );
    if found is null or found[1] = '0000' or cast(found[2] as integer) not between 1 and 12 then return null; end if;
    first_day := make_date(cast(found[1] as integer), cast(found[2] as integer), 1);
    if cast(found[3] as integer) not between 1 and extract(day from first_day + interval '1 month' - interval '1 day') then
        return null;
    end if;
    return first_day + (cast(found[3] as integer) - 1) + cast(coalesce(found[5], '00:00') as interval);
end $body$;

create or replace function {{ reading_function('timestamptz') }}(value text, zone text)
returns timestamptz language plpgsql volatile strict parallel unsafe as $body$
declare
    found text[] := regexp_match(zone, '^([+-])([0-9]{2}):?([0-9]{2})?$');
    away interval := coalesce(make_interval(hours => cast(found[2] as integer), mins => cast(coalesce(found[3], '0') as integer)), '0');
    moment timestamp := {{ reading_function('timestamp') }}(value);
begin
    return timezone('UTC', moment - case when found[1] = '-' then -away else away end);
end $body$;

create or replace function {{ reading_function('timestamp_in_format') }}(value text, pattern text, codes text)
returns timestamp language plpgsql volatile strict parallel unsafe as $body$
declare
    found text[] := regexp_match(value, pattern);
    part text;
    year text := '1900'; month text := '01'; day text := '01'; hour text := '00'; minute text := '00'; second text := '00';
    fraction text := '0'; half text := ''; zone text := '';
    moment timestamp;
begin
    if found is null then return null; end if;
    for place in 1 .. length(codes) loop
        part := found[place];
        case substr(codes, place, 1)
            when 'Y' then year := part;
            when 'y' then year := case when part < '69' then '20' else '19' end || part;
            when 'm' then month := part;
            when 'b' then month := cast((position(lower(left(part, 3)) in 'janfebmaraprmayjunjulaugsepoctnovdec') + 2) / 3 as text);
            when 'd' then day := part;
            when 'H' then hour := part;
            when 'M' then minute := part;
            when 'S' then second := part;
            when 'f' then fraction := part;
            when 'p' then half := upper(part);
            when 'z' then zone := upper(part);
        end case;
    end loop;
    if half <> '' then
        if cast(hour as integer) not between 1 and 12 then return null; end if;
        hour := cast(cast(hour as integer) % 12 + case when half = 'PM' then 12 else 0 end as text);
    end if;
    moment := {{ reading_function('timestamp') }}(
        year || '-' || month || '-' || day || ' ' || lpad(hour, 2, '0') || ':' || lpad(minute, 2, '0') || ':' || lpad(second, 2, '0') || '.' || fraction
    );
    if zone = '' then return moment; end if;
    return timezone('UTC', {{ reading_function('timestamptz') }}(to_char(moment, 'YYYY-MM-DD HH24:MI:SS.US'), zone));
end $body$;
{% endmacro %}


{#- The rarer spellings, as on DuckDB (see timestamp_of_spelling): `plain` is in upper case, with plain spaces and signs;
    `abbreviations` is JSON: name of a zone -> offset or name. Unknown names of zones would be an error, so they are looked up. -#}
{% macro spelled_timestamp_function() %}
create table if not exists {{ reading_function('zones') }} as
select upper(name) as written, min(name) as zone from pg_timezone_names group by upper(name);

create or replace function {{ reading_function('spelled_timestamp') }}(plain text, raw_zone text, business_zone text, abbreviations text)
returns timestamp language plpgsql volatile strict parallel unsafe as $body$
declare
    part text[] := regexp_match(
        plain,
        '^([0-9]{4}[-/.][0-9][0-9]?[-/.][0-9][0-9]?|[0-9]{8}|[0-9]{4}-?W[0-9][0-9]-?[1-7]|[0-9]{4}-[0-9]{3})'
        '(?:(T|_|,?\s+)(?:([0-9][0-9]?)(?::([0-9][0-9])(?::([0-9][0-9])(?:[.,]([0-9]+))?)?)?|([0-9][0-9])([0-9][0-9])(?:([0-9][0-9])(?:[.,]([0-9]+))?)?)'
        '\s*(?:([AP])[.]?\s?M(?:[.]|\y))?'
        '\s*(?:(?:UTC|GMT|UT)?((?:[+-](?:0[0-9]|1[0-3])(?::?[0-5][0-9])?|[+-]14(?::?00)?)|[+-][0-9](?::[0-5][0-9])?)|(Z)|([A-Z]{2,6})|([A-Z]+(?:/[A-Z0-9_+-]+)+))?'
        '(?:\[([A-Z0-9_+/-]+)\])?)?$'
    );
    day text := part[1];
    compact text := replace(day, '-', '');
    year integer;
    first_day date;
    hour integer := cast(coalesce(part[3], part[7]) as integer);
    moment timestamp;
    zone text;
begin
    if part is null or day like '0000%' then return null; end if;
    year := cast(left(day, 4) as integer);
    if day like '%W%' then
        first_day := make_date(year, 1, 4);
        first_day := first_day - cast(extract(isodow from first_day) as integer)
            + 7 * (cast(substr(compact, 6, 2) as integer) - 1) + cast(right(compact, 1) as integer);
        if to_char(first_day, 'IYYY"W"IWID') <> compact then return null; end if;
        day := to_char(first_day, 'YYYY-MM-DD');
    elsif day ~ '^[0-9]{4}-[0-9]{3}$' then
        first_day := make_date(year, 1, 1) + (cast(right(day, 3) as integer) - 1);
        if to_char(first_day, 'YYYY-DDD') <> day then return null; end if;
        day := to_char(first_day, 'YYYY-MM-DD');
    elsif day ~ '^[0-9]{8}$' then
        day := left(day, 4) || '-' || substr(day, 5, 2) || '-' || right(day, 2);
    else
        day := translate(day, '/.', '--');
    end if;

    if part[2] is null then return {{ reading_function('timestamp') }}(day); end if;
    {#- An hour alone is a time behind a T, or with AM and PM. #}
    if coalesce(part[4], part[8], part[11]) is null and part[2] <> 'T' then return null; end if;
    {#- 12 AM is midnight; an hour past 12 says for itself that it is PM, and 0 that it is AM. #}
    hour := case
        when part[11] is null then hour
        when part[11] = 'A' and hour = 12 then 0
        when part[11] = 'A' and hour < 12 then hour
        when part[11] = 'P' and hour between 1 and 11 then hour + 12
        when part[11] = 'P' and hour between 12 and 23 then hour
    end;
    moment := {{ reading_function('timestamp') }}(
        day || ' ' || lpad(cast(hour as text), 2, '0') || ':' || coalesce(part[4], part[8], '00') || ':' || coalesce(part[5], part[9], '00')
        || '.' || coalesce(part[6], part[10], '0')
    );
    if moment is null then return null; end if;

    if part[16] is not null then
        zone := (select zones.zone from {{ reading_function('zones') }} as zones where zones.written = part[16]);
        if zone is null then return null; end if;
    end if;
    {#- An offset decides, as long as the zone in brackets behind it is one. #}
    if coalesce(part[12], part[13]) is not null then
        zone := coalesce(part[13], regexp_replace(part[12], '^([+-])([0-9])(:|$)', '\10\2\3'));
    elsif part[14] is not null then
        zone := case when part[16] is null then cast(abbreviations as json) ->> part[14] end;
    elsif part[15] is not null then
        zone := case when part[16] is null then (select zones.zone from {{ reading_function('zones') }} as zones where zones.written = part[15]) end;
    elsif part[16] is null then
        return case when raw_zone = business_zone then moment else timezone(business_zone, timezone(raw_zone, moment)) end;
    {#- Of names without a slash the database knows abbreviations as well, and takes BST for Bangladesh. #}
    elsif part[16] not like '%/%' and part[16] not in ('UTC', 'GMT') then
        return null;
    end if;
    return timezone(business_zone, case
        when zone = 'Z' or zone ~ '^[+-]' then {{ reading_function('timestamptz') }}(to_char(moment, 'YYYY-MM-DD HH24:MI:SS.US'), zone)
        else timezone(zone, moment)
    end);
end $body$;
{% endmacro %}
