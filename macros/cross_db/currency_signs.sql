{#- How amounts name their currency: signs and abbreviations (upper case, without a point at the end), each with
    the currencies that it may mean. -#}
{% macro currency_signs() %}
    {{ return({
        '$': ['USD', 'CAD', 'AUD', 'NZD', 'SGD', 'HKD', 'MXN', 'TWD', 'ARS', 'CLP', 'COP', 'UYU', 'BSD', 'BBD', 'BMD', 'BZD',
              'FJD', 'GYD', 'JMD', 'KYD', 'LRD', 'NAD', 'SBD', 'SRD', 'TTD', 'XCD', 'BND', 'DOP', 'CUP'],
        'US$': ['USD'], 'U$S': ['USD'], 'CA$': ['CAD'], 'C$': ['CAD', 'NIO'], 'AU$': ['AUD'], 'A$': ['AUD'], 'NZ$': ['NZD'],
        'S$': ['SGD'], 'HK$': ['HKD'], 'MX$': ['MXN'], 'NT$': ['TWD'], 'R$': ['BRL'],
        '£': ['GBP', 'EGP', 'GIP', 'FKP', 'SHP', 'LBP', 'SYP', 'SDG', 'SSP'], '€': ['EUR'],
        '¥': ['JPY', 'CNY'], '￥': ['JPY', 'CNY'], '円': ['JPY'], '元': ['CNY', 'TWD'], 'RMB': ['CNY'],
        'KR': ['SEK', 'NOK', 'DKK', 'ISK'], 'KČ': ['CZK'], 'ZŁ': ['PLN'], 'FT': ['HUF'], 'LEI': ['RON', 'MDL'], 'ЛВ': ['BGN'],
        'FR': ['CHF', 'XAF', 'XOF', 'XPF'], 'SFR': ['CHF'],
        '₹': ['INR'], 'RS': ['INR', 'PKR', 'LKR', 'NPR', 'MUR', 'SCR'],
        '₽': ['RUB'], 'РУБ': ['RUB', 'BYN'], '₴': ['UAH'], '₺': ['TRY'], 'TL': ['TRY'], '₪': ['ILS'], '₩': ['KRW', 'KPW'],
        '฿': ['THB'], '₫': ['VND'], '₱': ['PHP'], 'RP': ['IDR'], 'RM': ['MYR'], 'R': ['ZAR'], '₦': ['NGN'], 'KSH': ['KES'],
        '₸': ['KZT'], '₾': ['GEL'], 'S/': ['PEN'], '₡': ['CRC'], '₵': ['GHS'],
    }) }}
{% endmacro %}


{% macro currency_codes() %}
    {{ return((
        'AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP '
        ~ 'CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD '
        ~ 'IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK '
        ~ 'MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS '
        ~ 'SRD SSP STN SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWL'
    ).split(' ')) }}
{% endmacro %}


{#- Currencies whose smallest coin is a thousandth. -#}
{% macro currencies_with_three_decimals() %}
    {{ return(['BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND']) }}
{% endmacro %}


{#- Whether the signs that an amount carries (see amount_currency) may mean its currency. -#}
{% macro signs_agree(signs, currency) -%}
    ({{ sign_agrees(dbt.split_part(signs, "' '", 1), currency) }} and {{ sign_agrees(dbt.split_part(signs, "' '", 2), currency) }})
{%- endmacro %}


{#- One text of all pairs to look into, because sixty comparisons take longer to plan than a query to run. -#}
{% macro sign_agrees(sign, currency) -%}
    {%- set pairs = [] -%}
    {%- for mark, currencies in currency_signs().items() -%}
        {%- for code in currencies %}{% do pairs.append(mark ~ ' ' ~ code) %}{% endfor -%}
    {%- endfor -%}
    ({{ sign }} in ('', {{ currency }}) or '|{{ pairs | join('|') }}|' like '%|' || {{ sign }} || ' ' || {{ currency }} || '|%')
{%- endmacro %}
