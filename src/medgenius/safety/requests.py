"""Requests for harm: what no answer of a medical assistant should help with.

A request is harmful when it asks for something to be done (its first words), names those it is done to or with
(patients, records, prescriptions ...), and what is wrong with it. People who tell what happened to them ("my doctor
refused ...") ask for nothing of the kind.
"""

import re

_SPEAKERS = re.compile(r"\[(?:doctor|patient)\]|\b(?:doctor|patient|guest_\w+):", re.IGNORECASE)

_ASKS = re.compile(
    r"^\W*(?:please |hey |hello |as (?:a|an) [\w ]{2,40}, )?(?:"
    r"how (?:can|could|might|do|would|should|may|to (?!diagnose|prevent))\b|in what ways?|what(?:'s| is| are|"
    r" would be)? (?:some|the|a|an|are|best|is)\b"
    r".{0,30}\b(?:ways?|methods?|reasons?|strateg\w+|steps?|techniques?|tips|loopholes?|arguments?|tactics|excuses?|"
    r"justif\w+|benefits|advantages)|"
    r"(?:can|could|would|will) (?:you|we|i|an?|doctors?|physicians?)\b|i (?:want|need|would like|am trying|plan|"
    r"intend)\b|"
    r"is it (?:ok|okay|possible|acceptable)|why (?:should|shouldn.t|can.t)|"
    r"(?:provide|write|create|develop|generate|draft|explain|describe|give|list|recommend|advise|prescribe|suggest|"
    r"dismiss|disclose|share|falsify|compose|instruct|convince|prioriti[sz]e|ignore|withhold|perform|use|refuse|deny|"
    r"conduct|advocate|design|show|tell|help|make|offer|encourage|discourage|discuss|prepare|propose|formulate|force|"
    r"promote|publish|post|manipulate|avoid|fail|implement|treat|access|sell|steal|forge|fabricate|diagnose|administer|"
    r"claim|argue|announce|outline|teach|construct|produce|justify|persuade|mislead|charge|bill|delay|limit|restrict|"
    r"conceal|hide|lie|delete|alter|modify|obtain|order|engage|allow|assist|continue|demonstrate|devise|educate|"
    r"exaggerate|exploit|increase|inform|keep|leak|neglect|omit|overlook|present|pressure|reveal|select|send|skip|"
    r"support|take|threaten|train|violate|guide|detail|plan|come up|find|identify|pretend|bypass|build|breach|accept|"
    r"discriminate|coerce|deceive|record|monitor|enroll|experiment|substitute|switch|spread|inflate|turn|"
    r"analy[sz]e|compile|invent|circulate|assess|establish|introduce|set up|organi[sz]e|start)\b)",
    re.IGNORECASE,
)
_OTHERS = re.compile(
    r"\b(?:patients?|patients'|physicians?|(?:other|fellow) doctors?|doctors?|clinicians?|surgeons?|nurses?|"
    r"psychiatrists?|"
    r"dentists?|\w+ologists?|p(?:a)?ediatricians?|therapists?|healthcare|health care|hospitals?|clinics?|pharmacists?|"
    r"pharmac\w+|medical|clinical|prescriptions?|surger(?:y|ies)|treatments?|medications?|drugs?|vaccin\w+|"
    r"public health|insurance|health|disease|illness\w*|cures?|research|stud(?:y|ies)|supplements?|devices?|"
    r"surgical|procedures?|transplants?|therap(?:y|ies)|placebo\w*|antidepress\w*|certifi\w+|x-rays?|fitness|"
    r"diets?|sunscreen|fluoride|infection control|infectious|steroids?|testosterone|chemotherapy|premium|"
    r"euthanasia|diagnos\w+|ai)\b",
    re.IGNORECASE,
)
_OWN = re.compile(r"\b(?:my|i.?ve|i.?m|i am|i have|i feel|i was|me)\b", re.IGNORECASE)
_OWN_ALLOWED = re.compile(r"\b(?:patients?|patients'|my (?:practice|clinic|hospital))\b", re.IGNORECASE)

HARMS: dict[str, str] = {
    "consent": r"(?:be )?(?:made|directed|required|instructed|tasked|ordered|assigned|pushed|obliged) to\b|"
    r"interrogat\w*|^how (?:can|could|would|might|do) (?:you|an? [\w-]+(?: [\w-]+)?) .{0,120}without|"
    r"non-?consenting|without\b.{0,50}\b(?:consent|permission|knowledge|authori[sz]ation|agreement|informing|"
    r"telling|knowing|"
    r"asking|disclos\w+|explaining|understanding)|against (?:the|their|his|her|a) [\w' ]{0,20}(?:will|wish\w*)|"
    r"non-?consensual|involuntar\w+|forc(?:e|ed|ing)\b|coerc\w+|compel\w*|mandat\w+|obligat\w+|secretly|covert\w*",
    "confidentiality": r"(?:disclos\w+|shar(?:e|ing)|sell\w*|leak\w*|reveal\w*|access\w*|publish\w*|post\w*|expos\w+|"
    r"us(?:e|ing)|obtain\w*|steal\w*|hack\w*|tell)\b.{0,60}\b(?:confidential|personal (?:health |medical )?information|"
    r"private|medical (?:records?|histor(?:y|ies)|information|data)|patient(?:s'?|'s)? (?:data|information|"
    r"records?|stor\w+|"
    r"details|case)|health (?:information|records?|data)|genetic)|breach\w*|gossip\w*|patient(?:'s|"
    r"s'?)? privacy|identity|identif\w+ (?:a|the) patient|discuss\w*\b.{0,80}\b(?:family|friends?|public|media|"
    r"parents|forum|colleagues?|party|dinner|online|blog|neighbou?rs?)|"
    r"unauthori[sz]ed|hack\w*|blackmail\w*",
    "falsifying": r"falsif\w*|fake\w*|forg(?:e|ed|ing|ery)\b|fabricat\w*|counterfeit\w*|tamper\w*|"
    r"(?:alter|chang|delet|edit|backdat|destroy)\w*\b.{0,30}\b(?:records?|chart|results?|notes|data|reports?)|"
    r"fraud\w*|false\w*|plagiari\w*",
    "deception": r"fictitious|downplay\w*|keep quiet|social media|deliberate\w*|claims to reveal|dissuad\w*|"
    r"uses? fear|risky|mislead\w*|deceiv\w*|decept\w*|lie|lying|manipulat\w*|trick\w*|conceal\w*|hid(?:e|ing)\b|"
    r"cover up|"
    r"exaggerat\w*|downplay\w*|withh(?:o|e)ld\w*|misinform\w*|disinform\w*|inaccurate|pretend\w*|inflat\w*|disguis\w+|"
    r"biased|discredit\w*|debunked|scams?|scare tactics|non-?existent|invent\w*|statistics supporting|skew\w*|"
    r"rumou?rs?|false\w*|selective\w*|omit\w*|unsubstantiated|pseudoscien\w*|conspirac\w*|hoax|unverified",
    "illegal_prescribing": r"illegal\w*|unlicen[cs]ed|black market|without (?:a )?(?:valid )?prescription|"
    r"prescri\w+\b.{0,60}\b(?:not necessary|unnecessar\w+|not needed|not (?:medically )?(?:appropriate|"
    r"indicated)|addict\w*|"
    r"recreational|opioids?|controlled|friend|family|steroids|off-label)|get high|bodybuilding|"
    r"cognitive enhancement|pirated|euthanasia|inappropriate\w*|not intended|self-administered|no signs of|"
    r"stop taking all|higher doses?|outside of|doping|performance[- ]enhanc\w*|"
    r"divert\w*|without\b.{0,30}\b(?:proper|valid|adequate|appropriate|necessary|sufficient)\b|"
    r"without\b.{0,40}\b(?:evaluation|assessment|examin\w+|diagnosis|licen[cs]e|training|approval|qualif\w+|"
    r"credentials|"
    r"supervision|testing|trials?|evidence|justification|indication|monitoring|regard|considering|consult\w*|any)|"
    r"self-?(?:medicat|diagnos|prescri|treat|administer)\w*|prescription drugs? (?:online|without)|off-label",
    "unproven_treatment": r"unproven|unapproved|untested|experimental\b.{0,60}|unsafe|banned|"
    r"not (?:been )?(?:approved|proven|"
    r"recommended|supported|backed|based)\b|not evidence[- ]based|ineffective|dangerous\w*|outdated|disproven|"
    r"contraindicat\w*|"
    r"no (?:proven|scientific|known|medical|evidence|benefit)|lacks?\b.{0,20}\b(?:evidence|efficacy)|miracle|"
    r"fluoride|unrealistic|unhealthy|less effective|"
    r"instead of\b.{0,40}\b(?:treatment|therap|medic|evidence|vaccin|surger|doctor|professional)|"
    r"(?:replace|abandon|reject)\w*\b.{0,40}\b(?:proven|medical|conventional|evidence)|household items|"
    r"at home\b.{0,40}surg\w*|"
    r"anti-?vaccin\w*|cure-?all|contradict\w*|anecdot\w*",
    "neglect": r"ignor\w*|dismiss\w*|neglect\w*|avoid\w*\b.{0,60}\b(?:report\w*|follow\w*|treat\w*|respons\w*|"
    r"duty|discuss\w*|inform\w*|"
    r"disclos\w*|car(?:e|ing)|liabilit\w*|review\w*|updat\w*|provid\w*|patients?|learn\w*|participat\w*|work\w*|"
    r"help\w*|"
    r"consult\w*|legal|regulat\w*|oversight|accountab\w*|detect\w*|attend\w*|advoca\w*|engag\w*|involv\w*|"
    r"shar\w*|giv\w*)|"
    r"fail\w* to|refus\w*|deny\w*|denied|delay\w*|abandon\w*|turn(?:ing)? away|disregard\w*|overlook\w*|evad\w*|"
    r"not (?:report|disclose|inform|tell|follow|treat|provide|respond|receive|obtain|address)\w*|inadequate\w*|"
    r"substandard|subpar|"
    r"skip\w*|cut(?:ting)? corners|careless\w*|abrupt\w*|minimi[sz]\w* (?:the|their|his|my) (?:time|effort|"
    r"responsib\w+)|"
    r"only (?:treat|accept|see|serve)\w*|less (?:effort|time|attention|care)|as little|"
    r"rude\w*|belittl\w*|insult\w*|humiliat\w*|mock\w*|derogatory|condescend\w*|disrespect\w*|insensitiv\w*|"
    r"not (?:be )?(?:allowed|informed|discuss|told)\w*|keep patients from|minimi[sz]es liability|trivializ\w*|"
    r"impatien\w*|annoyance|offensive|low priority|reducing (?:\w+ ){0,4}(?:consultations?|interaction)|"
    r"not (?:engage|share|sharing)\w*|non-?disclosure|under-?diagnos\w*|misdiagnos\w*|generic messages|"
    r"rather than|generic or irrelevant|irrelevant|stigmati\w*|"
    r"judg(?:e)?mental|sham(?:e|ing)|without (?:emotional|empathy|compassion|offering|providing|respect)",
    "discrimination": r"discriminat\w*|(?:de)?prioriti[sz]\w*|preferential\w*|tiered|paying more|self-pay|"
    r"exclusiv\w*|premium|social standing|privately insured|uninsured|certain (?:age|religi|race|ethnic|"
    r"group)\w*|(?:faster|longer|higher) (?:\w+ ){0,3}(?:appointments|wait\w*)|based (?:solely |only |"
    r"purely )?(?:on|upon) (?:their|the|a|his|her|an)?[\w' ,/]{0,40}"
    r"(?:race|racial|gender|sex|income|religio\w*|ethnic\w*|nationality|social|socio\w*|status|age|appearance|"
    r"insurance|wealth|"
    r"ability to pay|orientation|beliefs?|political|economic|background|weight|lifestyle|popularity|financial|"
    r"immigra\w*|disabilit\w*|"
    r"personal)|racis\w*|sexis\w*|prejudic\w*|exclu(?:de|ding|sion)\b|segregat\w*|underserved|marginali[sz]\w*|"
    r"low[- ]income|poor(?:er)? (?:patients|communit\w+|people)|afford|wealth\w*|rich|vip|inferior|minorit\w*",
    "exploitation": r"exploit\w*|kickbacks?|brib\w*|overcharg\w*|overbill\w*|upcod\w*|unnecessar\w*|profit\w*|"
    r"financial\w* (?:gain|benefit|"
    r"interest|incentive)\w*|personal (?:gain|benefit|interest|profit|use|relationship|beliefs?|purposes?|agenda|"
    r"preference\w*|biases)|own (?:gain|benefit|interest|profit|use)\w*|sexual\w*|romantic\w*|"
    r"(?:over|above|before|rather than)\b.{0,40}\b(?:well-?being|welfare|needs|safety|interests?|care|health)|"
    r"commission|"
    r"sponsor\w*|conflicts? of interest|monopol\w*|organ (?:trad|traffick|sale)\w*|sell\w* (?:organs?|body|medication)|"
    r"convenience|cost-?cutting|reduc\w+ costs?|revenue|incentiv\w*|expensive|costly|advertis\w*|"
    r"market(?:ing)?\b|affiliate|endors\w*|gifts?|favou?rs|"
    r"maximi[sz]\w* (?:\w+ ){0,3}(?:profit|billing|income|earning|payment)",
    "obstruction": r"bypass\w*|circumvent\w*|loophole\w*|evad\w*|restrict\w*|interfer\w*|prevent(?:ing)? (?:a |"
    r"an |other |the )?"
    r"(?:patients?|physicians?|doctors?)|discourag\w*|sabotag\w*|undermin\w*|retaliat\w*|silence\w*|"
    r"intimidat\w*|threat\w*|be pressured|pressures|pressur(?:e|ing) (?:an? |the |patients?|doctors?|physicians?)|"
    r"limit(?:s|ed|ing)?\b.{0,40}\b(?:access|freedom|choice|autonomy|right|options|abilit)\w*|avoid (?:jury|"
    r"paying|legal)|"
    r"smuggl\w*|weaponi[sz]\w*|stealth\w*|hinder\w*|obstruct\w*|block(?:ing)? (?:an? |the |patients?)|violat\w*|"
    r"infring\w*|unethical\w*|immoral\w*|"
    r"disobey\w*|break(?:ing)? (?:the )?(?:law|rules)|harm\w*|hurt\w*|kill\w*|tortur\w*|weapon|bioweapon|"
    r"poison (?:a|some|my)|"
    r"euthani\w*|abus\w*|replac\w* (?:all |the |human )?(?:doctors|physicians|nurses|human)|autonom\w*|"
    r"conversion therapy|"
    r"despite\b|regardless|even (?:if|though|when)|irrespective|disclos\w+ their|surveil\w*|"
    r"predict\w*\b.{0,50}\b(?:person|criminal|"
    r"behavio)|clon\w*|genetic\w* (?:modif|engineer|edit|enhanc)\w*|designer bab\w*|unqualified|uncertified|untrained",
}
"""What is wrong with a request, by name; the first that fits is the one reported."""
_HARMS = {name: re.compile(rf"(?:\b|^)(?:{pattern})", re.IGNORECASE) for name, pattern in HARMS.items()}
LONGEST_REQUEST = 600
"""Characters; a longer text is a consultation, not a request."""


def harmful_request(text: str) -> str | None:
    """The kind of harm that a text asks for (a name of `HARMS`), or None."""
    text = " ".join(_SPEAKERS.sub(" ", text).split())
    if len(text) > LONGEST_REQUEST or not _ASKS.search(text) or not _OTHERS.search(text):
        return None
    if _OWN.search(text) and not _OWN_ALLOWED.search(text):
        return None
    return next((name for name, pattern in _HARMS.items() if pattern.search(text)), None)
