"""What stands before and after the name of a person."""

import re

from medgenius.curation.deidentification.lexicon import lines_of

KIN = (
    "husband|wife|spouse|partner|fiancée?|boyfriend|girlfriend|mother|father|mum|mom|mommy|dad|daddy|son|daughter|"
    "brother|sister|uncle|aunt|auntie|grandmother|grandfather|grandma|grandpa|granddaughter|grandson|nephew|niece|"
    "cousin|stepson|stepdaughter|stepfather|stepmother|baby|twins?|kid|child|friend|neighbou?r|carer|"
    "caregiver|roommate|"
    "flatmate|colleague|guardian|mother-in-law|father-in-law|brother-in-law|sister-in-law|ex-husband|ex-wife|"
    "esposo|esposa|marido|mujer|hij[oa]|madre|padre|herman[oa]|tochter|sohn|mutter|vater|bruder|schwester|ehemann|"
    "ehefrau|mari|femme|fils|fille|mère|père|frère|sœur|marito|moglie|figli[oa]|fratello|sorella"
)
_ROLE = (
    "surgeon|consultant|physician|cardiologist|oncologist|neurologist|psychiatrist|psychologist|therapist|counsel+or|"
    "dentist|paediatrician|pediatrician|gyna?ecologist|obstetrician|midwife|nurse|matron|pharmacist|physiotherapist|"
    "radiologist|urologist|dermatologist|gastroenterologist|endocrinologist|nephrologist|rheumatologist|hospitalist|"
    "registrar|resident|intern|attending|gp|pcp|specialist|social worker|health visitor|case manager|patient|pt|client"
)

TITLE = re.compile(
    r"\b(?:(?:dr|drs|mr|mrs|ms|mx|prof|dra|sra|sr|srta|dott|dott\.ssa|sig|sig\.ra|smt|rev|sgt|capt)\b\.?(?=[\s\w])|"
    r"(?:doctor|professor|señora?|señorita|don|doña|herrn?|frau|mme|mlle|monsieur|madame|mademoiselle|docteur|"
    r"doktor|dottor|"
    r"dottoressa|dottore|signora?|pan|pani|shri|sri|hajji|alhaji|sheikh|reverend|rabbi|imam|judge)\b(?=[ \t]))[ \t]*"
    r"(?:(?:dr|med|prof|phil|univ)\.?[ \t]+)*",
    re.IGNORECASE,
)
SOFT_TITLE = re.compile(
    r"\b(?:miss|nurse|sister|sir|lady|midwife|madam|named|goes by|brother|father|m\.)\s+", re.IGNORECASE
)
"""Also words of their own, so that only a capital or a known name may follow."""

LABEL = re.compile(
    r"(?:(?:\b(?:patient|full|first|last|given|family|middle|maiden|birth|legal|preferred|sur|account|holder|user|nick|"
    r"doctor|physician|provider|mother|father|spouse|guardian|contact|emergency contact|child|baby|nom de|my|his|her|"
    r"their|whose)(?:['’]s)?\s*)?"
    r"\b(?:names?|surname|forenames?|nombre(?: y apellidos)?|apellidos?|nachname|vorname|name des patienten|nom|prénom|"
    r"nome|cognome|naam|nazwisko|imię)(?:\s+of\s+(?:the\s+)?\w+)?|"
    r"\b(?:next of kin|nok|emergency contact|referring (?:doctor|physician|gp)|attending(?: physician)?|"
    r"consultant|physician|provider|surgeon|gp|pcp|author|dictated by|signed(?: by)?|electronically signed by|"
    r"reviewed by|"
    r"attn|attention|cc|witness|médico|arzt|patient name|paciente|paziente|patientin))"
    r"\s*(?:[:=#?]|\bis\b|\bsi\b|['’]s\b|\bes\b|\bist\b|\best\b|\bè\b)\s*(?:dr\.?\s+|mrs?\.?\s+|ms\.?\s+)?",
    re.IGNORECASE,
)

NAMING = re.compile(
    r"\b(?:my name(?:['’]s| is)|me llamo|se llama|ich heiße|heißt|je m['’]appelle|s['’]appelle|"
    r"mi chiamo|si chiama|nazywam się)\s+",
    re.IGNORECASE,
)
BEFORE = re.compile(
    rf"(?:\b(?:{KIN}|{_ROLE})(?:\s+is|\s+was)?,?\s+(?:named\s+|called\s+)?|"
    r"\b(?:dear|hi|hello|hey|hiya|thanks|thank you|regards|sincerely|cheers|love|welcome|bye|goodbye|yours|"
    r"good (?:morning|afternoon|evening))\s*[,.!]?\s+|"
    r"\b(?:seen|reviewed|referred|examined|assessed|operated(?: on)?|treated|prescribed|performed|visited|"
    r"signed|written|"
    r"dictated|ordered|witnessed|accompanied|delivered|brought in|supervised|raised|interpreted|said|done)\s+by\s+|"
    r"\b(?:care of|c/o|discussed with|d/w|spoke (?:with|to)|talked to|speaking (?:with|to)|follow(?:ing)?[- ]up with|"
    r"f/u with|appointment with|appt with|appointment for|appt for|meet with|met with|met|consult with|lives? with|"
    r"referral (?:to|from)|letter (?:to|from)|"
    r"married to|looked after by|cared for by|contact|ask for|page|paged|re|regarding|attn|per|remember|remind|"
    r"asked|told|tell|behalf of|note from|copy to|under (?:the care of )?)\s*:?\s+|"
    r"\b(?:i am|i['’]m|this is|it['’]s|call(?:ed)? (?:me|him|her)|known as|called|named(?: him| her)?|soy|"
    r"ich bin|je suis|sono)\s+)$",
    re.IGNORECASE,
)
AFTER = re.compile(
    r"(?:['’]s\s+(?:mother|father|mum|mom|dad|wife|husband|son|daughter|parents|blood|results?|chart|symptoms?|pain|"
    r"condition|medications?|appointment|office|note|referral|family|sister|brother|birthday|last|next|house|novel)\b|"
    r",?\s+(?:is|was)\s+(?:an?\s+)?(?:very\s+\w+\s+)?\d|,?\s+an?\s+\d+|,?\s*\(?\s*\d{1,3}\s*(?:y|yo|yrs?|"
    r"years?|yrs? old|[MF])\b|"
    r"\s*[,(]?\s*(?:dob|d\.o\.b|born|aged?|mrn|nhs|ssn|phone|tel|mobile|cell|email|ext)\b|"
    r",?\s*\(?(?:M\.?D|D\.?O|R\.?N|N\.?P|P\.?A|Ph\.?\s?D|LCSW|LMFT|LPCC?|LMHC|MSW|MBBS|FRCS|MRCP|PsyD|Psy\.D|CNM|MA|"
    r"MS|LICSW|LCPC|NCC|CRNP|FNP|DDS|PharmD|BSN|DPT)\b|"
    r",?\s+(?:was|is|has been|were|are)\s+(?:seen|admitted|brought|referred|diagnosed|discharged|born|transferred|"
    r"started|given|found|reviewed|here|asking|taking|having|feeling|complaining|doing|allergic|pregnant|coming|"
    r"talking|from|scheduled)\b|"
    r"\s+(?:is|was)\s+(?:very|from|so|really|quite|tearful|anxious|unwell|well|distressed|calm|alert|confused|"
    r"drowsy|sick|ill|better|worse|pale|upset|angry|happy|sad|worried|afraid|keen|unable|able)\b|,\s+(?:can|"
    r"could|may|would|how)\s+(?:i|you|are)\b|,?\s+(?:shouted|presented|presents|attended|attends|reports?|"
    r"reported|complains?|complained|denies|denied|states?|stated|"
    r"says|said|lives|came|underwent|suffers|tells|told|wants|works|called|visited|rang|phoned|takes|took|"
    r"smokes|drinks|"
    r"feels|felt|has|had|needs|will|agreed|refused|asked|noticed|started|stopped|weighs|fell|went|can|did|does|"
    r"lost|got|returns?|returned|arrived|texted|emailed|passed|developed|experienced|declined|underwent|"
    r"attended|recommended|prescribed|explained|advised|mentioned|cried)\b)",
    re.IGNORECASE,
)
SURELY_AFTER = re.compile(
    r"\s?,?\s+(?:is|was)\s+(?:an?\s+)?\d|\s?[,.(]*\s*(?:dob|d\.o\.b|date of birth|born|aged?|mrn|"
    r"medical record|nhs)\b|,?\s+an?\s+\d+",
    re.IGNORECASE,
)
CREDENTIAL = re.compile(
    r",?\s*\(?(?:M\.?D\.?|D\.?O\.?|R\.?N\.?|N\.P|Ph\.?\s?D\.?|LCSW|LMFT|LPCC?|LMHC|MSW|MBBS|FRCS|MRCP|Psy\.?D|"
    r"LICSW|CRNP)\b"
)
REFERENCE = re.compile(
    r"[\w\s.,&]{0,40}/p ?\d|"
    r"(?:['’]s?)?[\s,]*(?:\(?\d{1,2}\s*(?:th|st|nd|rd)?\s?(?:/|e\b|ed\b|edn|edition)|\bpg?\.?\s?\d|page|et al|"
    r"\(?(?:19|20)\d\d[);,]|"
    r"\w+\s+\d+/?e|obs\b|textbook|dentistry|principles|physiology|and \w+ \d+\s?/?e|\d+/)",
    re.IGNORECASE,
)
CITED = re.compile(r"(?:Refs?|References?|Textbook|According to|Published by|[Bb]y authors?)\b[^\n]{0,60}$")
"""Books and their authors."""
SPEAKER = re.compile(r"\s*:\s")
CONNECTED = frozenset(
    [
        "de",
        "del",
        "della",
        "di",
        "da",
        "dos",
        "das",
        "van",
        "von",
        "der",
        "den",
        "bin",
        "ibn",
        "al",
        "el",
        "bint",
        "abu",
        "du",
        "la",
        "le",
        "zu",
    ]
)
"""Particles that may stand inside a name between two parts of it."""

NEVER = frozenset(lines_of("not_names.txt"))
"""Words that are never part of a name by themselves, whatever the lists say."""

MONTHS = frozenset(["may", "june", "april", "august"])
