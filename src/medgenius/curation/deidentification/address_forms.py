"""How addresses are written: street words of several languages, units, post boxes and postcodes."""

import re

W = r"[^\W\d_][\w'’.-]{0,30}"
"""A word of an address."""
CAP = (
    r"(?-i:(?:(?:d[eai]l?l?[ae']?s?|la|las|los|el|du|des|le|von|der|den|van|of|the|y|e|do|da|dos|das|San|"
    r"St\.?)\s+){0,3}"
    r"[^\W\d_a-zà-ž][\w'’.-]{0,30})"
)
NUMBER = r"\d{1,5}(?:\s?[-/]\s?\d{1,4})?(?:\s?[A-Za-z](?![\w]))?"

_SAFE_STREET = (
    r"street|road|avenue|lane|boulevard|blvd|crescent|terrace|highway|hwy|parkway|pkwy|turnpike|expressway|mews|"
    r"nagar|marg|salai|chowk|bazaar|jalan|ave|rd|gardens|esplanade|causeway"
)
_OTHER_STREET = (
    r"st|dr|drive|ct|court|pl|place|way|ln|cir|circle|sq|square|close|row|walk|hill|park|grove|rise|view|green|"
    r"route|trail|trl|plaza|loop|gate|quay|wharf|broadway|vista|ridge|run|pike|alley|path|colony|layout|enclave|"
    r"sector|phase|block|estate|estates|heights|crossing|junction|harbor|point|creek|meadow|field|fields|ter|"
    r"cres|gdns|vale|yard|fort|union|parks|squares|streets|roads"
)
WEAK_STREET = re.compile(
    r"\b(?:block|point|ct|fields?|phase|view|loop|path|run|row|union|sector|junction|gate|walk)\b\.?$", re.IGNORECASE
)
"""Street words of medicine as well: an AV block, a trigger point, the 6 minute walk."""
STREET = re.compile(
    rf"(?<![\w.,/-])(?:\b(?:flat|apt|apartment|unit|house|plot|h\.? ?no|door no|no|nr)\b\.?\s*[\w/-]{{1,6}},?\s+)?"
    rf"{NUMBER},?\s+(?:(?:n|s|e|w|north|south|east|west|nw|ne|sw|se)\.?\s+)?"
    rf"(?:(?!(?:in|on|at|and|or|of|to|for|the|a|is|was|mg|ml|times|years?|days?|weeks?|months?|hours?|minutes?|"
    rf"percent)\b)"
    rf"(?:{W}|\d{{1,3}}(?:st|nd|rd|th))[ -]+){{1,4}}(?:{_SAFE_STREET})\b\.?(?:\s+(?:n|s|e|w|nw|ne|sw|se|north|"
    rf"south|east|west)\b\.?)?",
    re.IGNORECASE,
)
STREET_WITH_CAPITAL = re.compile(
    rf"(?<![\w.,/-]){NUMBER},?\s+(?:[NSEW]\.?\s+|(?:North|South|East|West)\s+)?"
    rf"(?:(?:[^\W\d_a-zà-ž][\w'’.-]{{0,30}}|\d{{1,3}}(?:st|nd|rd|th))\s+){{1,3}}(?i:{_OTHER_STREET}|"
    rf"{_SAFE_STREET})\b\.?(?!\s*(?:[a-z]+ing|syndrome|disease)\b)"
)
NAMED_STREET = re.compile(
    r"\b(?:(?:[^\W\d_a-zà-ž][\w'’.-]{0,30}|\d{1,3}(?:st|nd|rd|th))\s+){1,3}(?:Street|Road|Avenue|Lane|"
    r"Boulevard|Drive|Crescent|Terrace|Close|Blvd|Ave|Rd|St)\b\.?"
)
GERMANIC = re.compile(
    r"\b(?:(?:Am|An der|Im|In der|Auf der|Zum|Zur|Unter den|Alte[rn]?|Große|Obere|Untere)\s+)?"
    r"(?:[^\W\d_][\w.-]{0,30}(?:stra(?:ß|ss)e|str\.?|weg|platz|allee|gasse|damm|ufer|chaussee|straat|laan|plein|"
    r"gracht|steenweg|vej|vænget|gatan|vägen|gata|veien|vegen|vollen|stræti|straeti|braut|gaten|krogen|"
    r"brücke|graben|katu|kuja|gränd|backen|toften|parken)|"
    r"(?-i:[^\W\d_a-zà-ž])[\w.-]{0,30}(?:ring|tie|hove|kade|gade))\s+\d{1,4}\s?[a-z]?\b(?!\s*(?:mg|ml|%))",
    re.IGNORECASE,
)
GERMAN_SPACED = re.compile(
    r"\b[^\W\d_a-zà-ž][\w-]{1,30}[ -](?:Stra(?:ß|ss)e|Str\.|Weg|Platz|Allee|Gasse|Ring|Damm|Ufer|Chaussee|"
    r"Bundesstrasse)\s+\d{1,4}\s?[a-z]?\b"
)
ROMANCE = re.compile(
    rf"(?<!\w)(?:\d{{1,4}}(?:\s?(?:bis|ter|quater))?,?\s+)?(?i:calle|c/|avda\.?|avenida|av\.|plaza|pza\.?|paseo|"
    rf"ronda|camino|carretera|"
    rf"travesía|glorieta|urb\.|urbanización|rue|avenue|boulevard|bd|bld|chemin|impasse|allée|quai|route|cours|"
    rf"via|viale|piazza|corso|largo|vicolo|piazzale|lungomare|strada|rua|travessa|praça|alameda|estrada|"
    rf"ul\.|ulica|al\.|os\.|plac|ulice|utca|đường|duong|jl\.|jalan|str\.)"
    rf"\s*(?:n[º°]\s*)?{CAP}(?:\s+{CAP}){{0,4}}(?:,?\s*(?:n\.?[º°o]?\.?\s*|núm\.?\s*|"
    rf"č\.\s*)?\d{{1,5}}(?:\s?[A-Za-z]\b|[-/]\d+)?)?",
)
ROMANCE_LOWER = re.compile(
    rf"\b(?:calle|avenida|plaza|paseo|rue|avenue|boulevard|chemin|via|viale|piazza|corso|rua|straße|"
    rf"ulica)\s+(?:{W}\s+){{0,4}}{W},?\s*(?:n[º°o]?\.?\s*)?\d{{1,4}}\b"
    rf"|\b\d{{1,4}}(?:\s?(?:bis|ter))?,?\s+(?:rue|chemin|impasse|allée|quai)\s+(?:(?:de|du|des|la|le|les|aux?|st|saint)\s+){{0,2}}(?:l['’])?{W}",
    re.IGNORECASE,
)
HUNGARIAN = re.compile(
    r"\b[^\W\d_a-zà-ž][\w-]{1,30}(?:\s+[\w-]+)?\s+(?:u\.|utca|út|tér|tere|körút|sétány|ulica|cesta|trg|náměstí|"
    r"ulice)\s+\d{1,4}\.?"
)
BOX = re.compile(
    r"\b(?:p\.?\s?o\.?\s?box|post(?:al)? ?box|postbus|postfach|apartado(?: de correos)?|casilla|"
    r"boîte postale|postboks|"
    r"casella postale|pmb|(?:private|locked) bag)\s*[#:]?\s*\d{1,7}\b|\b(?:psc|unit|uss|"
    r"cmr)\s+[\w.-]+,?\s+box\s+\d+(?:,?\s+(?:apo|fpo|dpo)\s+\w\w\s+\d{5})?|"
    r"\b(?:apo|fpo|dpo)\s+(?:aa|ae|ap)\s+\d{5}(?:-\d{4})?",
    re.IGNORECASE,
)
UNIT = re.compile(
    r"\b(?:apt|apartment|suite|(?-i:Flat|FLAT)|(?<=[ai][nt] )flat)\.?\s*#?\s*(?:\d{1,5}[A-Z]?|[A-Z]\d{1,3})\b"
    r"(?!\s*(?:mg|ml|%))",
    re.IGNORECASE,
)
UNIT_LINE = re.compile(
    rf"(?<!\w)(?:\d{{1,6}}\s+)?(?:{CAP}\s+){{1,5}}(?:\d{{1,5}}\.?,?\s*)?(?:apt|suite|unit|flat)\.?\s*#?\s*\d{{1,5}}\b|"
    r"(?<!\w)\d{1,6}\s+(?:[\w'’.-]+\s+){1,5}(?:apt|suite)\.?\s*#?\s*\d{1,5}\b",
    re.IGNORECASE,
)
UK_POSTCODE = r"(?:[A-Z]{1,2}\d[A-Z\d]?\s*\d[ABD-HJLNP-UW-Z]{2})"
POSTCODE_CERTAIN = re.compile(
    r"(?<![\w-])(?:GIR ?0AA|(?:[A-PR-UWYZ][A-HK-Y]?\d[A-HJKPSTUW\d]? \d[ABD-HJLNP-UW-Z]{2}))(?![\w-])|"
    r"(?<![\w-])[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z] \d[ABCEGHJ-NPRSTV-Z]\d(?![\w-])"
)
DUTCH_POSTCODE = re.compile(
    r"(?<![\w-])[1-9]\d{3} (?!S[ADS]|IU|CT|M[RGL]|US|AD|CE|BC|[AP]M|PT|ED|ER|IV|IM)[A-Z]{2} [A-Z][a-z][\w'’-]+"
)
"""With its town, without which it may be a dose or a year."""
STATE = (
    r"A[LKZR]|C[AOT]|D[EC]|FL|GA|HI|I[DLNA]|K[SY]|LA|M[EDAINSOT]|N[EVHJMYCD]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|"
    r"V[TA]|W[AVIY]|PR"
)
CITY_STATE_ZIP = re.compile(
    rf"\b{CAP}(?:\s+{CAP}){{0,2}},?\s+(?:{STATE}|Alabama|Alaska|Arizona|Arkansas|California|Colorado|"
    rf"Connecticut|Delaware|Florida|Georgia|"
    rf"Hawaii|Idaho|Illinois|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|"
    rf"Minnesota|Mississippi|"
    rf"Missouri|Montana|Nebraska|Nevada|New Hampshire|New Jersey|New Mexico|New York|North Carolina|"
    rf"North Dakota|Ohio|Oklahoma|Oregon|"
    rf"Pennsylvania|Rhode Island|South Carolina|South Dakota|Tennessee|Texas|Utah|Vermont|Virginia|Washington|"
    rf"West Virginia|"
    rf"Wisconsin|Wyoming),?\s+\d{{5}}(?:-\d{{4}})?\b"
)
CITY_STATE_ZIP_LOWER = re.compile(
    rf"\b(?!(?:in|at|from|near|to|of) )[a-z]+(?: [a-z]+)?, (?:{STATE}) \d{{5}}\b", re.IGNORECASE
)
POSTCODE_CITY = re.compile(
    r"(?<![\w.,/-])(?:(?:D|A|CH|F|I|E|B|NL|PL|S|DK)-)?(?:\d{5}|\d{2}-\d{3}|"
    r"\d{3} \d{2})\s+[^\W\d_a-zà-ž][\w'’-]{2,30}(?:\s+(?:am|an der|im|de|la|del|sur|sul|"
    r"di)?\s?[^\W\d_a-zà-ž][\w'’-]{1,30}){0,2}"
)
CITY_PIN = re.compile(
    r"\b[^\W\d_a-zà-ž][\w'’-]{1,30}(?:\s+[^\W\d_a-zà-ž][\w'’-]{1,30})?\s?[-–,]?\s?\b[1-8]\d{2}\s?\d{3}\b(?![\w.,-])"
)
LABELLED_CODE = re.compile(
    r"\b(?:zip(?: ?code)?|post(?:al)? ?code|postcode|pin(?: ?code)?|eircode|plz|(?-i:C\.?P\.?(?=\s?[:=\d]))|"
    r"código postal|code postal|(?-i:CAP(?=\W{1,3}\d{5}\b))|postleitzahl|postnummer)"
    r"\s*(?:is|:|=|#|es|ist)?\s*([A-Z]{0,2}-?\d[\dA-Z]{1,5}(?:[ -]\d?[A-Z\d]{2,4})?)\b",
    re.IGNORECASE,
)
_GAP = r"(?:[ \t]*,[ \t]*(?:\n[ \t>?|]*)?|[ \t]*\n[ \t>?|]*(?:\n[ \t]*)?,?[ \t]*|[ \t]+)"
_UNIT_WORD = (
    r"(?i:apt|apartment|suite|ste|unit|flat|floor|room|bldg|building|block|piso|planta|puerta|portal|esc|bajo|appt|"
    r"étage|etage|int|scala|streets?|st|str|ward|sector|phase)"
)
TAIL = re.compile(
    rf"{_GAP}(?:{_UNIT_WORD}\b\.?\s*#?\s*(?:\w{{0,3}}\d\w{{0,5}}|[A-Z](?!\w))?|\d{{1,3}}\s?[ºª°]\s?\w{{0,4}}|"
    rf"{UK_POSTCODE}|"
    rf"[A-Z]\d[A-Z] \d[A-Z]\d|(?:[A-Z]{{1,2}}-)?(?:\d\d-\d{{3}}|"
    rf"\d{{2,6}}(?:[- ]\d{{3,4}})?)(?:\s?[A-Z]{{2}}(?!\w))?(?![\w]|[.,:/ -]?\d)|"
    rf"[A-Z]{{2,3}}(?!\w)|nan(?!\w)|{CAP}(?:[ -]{CAP}){{0,2}}(?:\s+\([^)\n]{{2,14}}\))?)"
)
LEFT = re.compile(r"(?:(?:\d{1,6}|[Aa]pt\.? \d+|(?:No|Plot|House|H\.? ?No|Flat)\.? [\w/-]{1,5},?)[ \t]+){1,2}$")
NUMBERED = re.compile(
    rf"(?<![\w.,/-])\d{{1,6}}[ ](?:{CAP}\s){{1,4}}\d{{1,5}}\b\.?|"
    rf"(?<![\w.,/-])\d{{1,6}}[ ](?:{CAP}\s){{1,3}}u\. \d{{1,5}}\b"
)
CORNER = re.compile(
    rf"(?i:the corner of)\s+(?:[^.,;\n]{{2,40}}?(?:\s?[Ss]tr?\.)?\s+and\s+{CAP}(?:\s+{CAP})?|[^.,;\n]{{3,50}})"
)
STREET_WORD = re.compile(rf"\b(?:{_SAFE_STREET}|{_OTHER_STREET})s?\b", re.IGNORECASE)
AT = re.compile(
    r"\b(?:(?:lives?|lived|living|resid(?:es|ing|ed)|located|stays?|staying|arrived|you off|(?:office|"
    r"restaurant|home|house) is) (?:at|in|on)|"
    r"(?:sent?|deliver(?:ed)?|mail(?:ed)?|return|moved?) (?:it |one |this )?to)[?:]?\s+(?:user:\s+)?"
    r"(\d{1,6}(?:,?[ ](?!(?:and|with|for|in|after|before|who|because|since|if|when|but|to|a|an|on|at|is|was|"
    r"during|until|while|near|every|three|two|once|twice)\b)[\w'’/-]+\.?){1,6})",
    re.IGNORECASE,
)
IN_TOWN = re.compile(
    rf"\b(?:in|at|from|near)\s+({CAP}(?:\s+{CAP}){{0,4}}\s+(?!(?:19|20)\d\d\b)(?:\d{{4,5}}(?:-\d{{3}})?|"
    rf"\d{{2}}-\d{{3}}))(?![\w.,-]*\d)"
)
_BEFORE_A_VERB = "to we i you they not can could should must may will would also"
_NOUN = "".join(rf"(?<!\b{word} )" for word in _BEFORE_A_VERB.split())
"""Not after a word that makes "address" a verb."""
DWELLING = re.compile(
    rf"\b(?:{_NOUN}address(?: is)?|"
    r"lives? (?:at|on|in)|living (?:at|on|in)|lived (?:at|on)|resid(?:es?|ing) (?:at|in|"
    r"on)|resident of|located (?:at|on)|office is (?:at|on)|"
    r"stay(?:s|ing) (?:at|in)|staying at|moved (?:here )?(?:from|to)|sent? (?:it |one |to )*to|"
    r"deliver(?:ed)? to|mail(?:ed)? to|ship(?:ped)? to|return to|drops you off at|"
    r"restaurant is at|meet you at|home is|grew up in|from|domicili[oa](?: en)?|vive en|residente en|"
    r"dirección|wohnhaft(?: in)?|wohnt in|anschrift|adresse|adres|indirizzo|"
    r"demeurant(?: au)?|habite(?: au)?|residente (?:a|in)|abita in|zamieszkał[ya])\s*:?\s*$",
    re.IGNORECASE,
)
_NEXT_CLAUSE = (
    r"(?:,?\s+(?:and|but|so|because|since)\s+(?:i|my)|(?:,?\s+(?:and|but|so|because|since))?\s+(?:(?-i:I)|you|he|she|we|"
    r"they|is|was|has|have|had|should|with))\b"
)
LABELLED = re.compile(
    rf"\b(?:(?:(?:home|postal|mailing|billing|street|residential|new|current|permanent|my|their|her|his)\s+)?"
    rf"{_NOUN}(?:add?ress(?:es)?|addr|domicilio|dirección|anschrift|"
    r"adresse|indirizzo|adres))\b"
    r"(?:\s+with|\s+to)?\s*(?::|is|of [^.\n]{2,30} is|=|es|ist|è|est)?\s*:?\s*((?=[^.;?!\n]*\d)"
    rf"(?:(?-i:[^\W_a-zà-ž])|c/|the corner of)(?:(?!{_NEXT_CLAUSE})[^.;?!\n])*)",
    re.IGNORECASE,
)
