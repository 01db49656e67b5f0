"""Phrases of procedures in a dozen languages: those that send, close, ask a person, or mean everything else. Pure.

What is written in another language is compared as it stands, only with more words in it that say nothing.
"""

import re

_I = re.IGNORECASE

# --- Words that send something somewhere without saying what it is about, at either end of a clause ---

_SENDS = re.compile(
    # English
    r"hand(s|ed|ing)?|pass(ed)?|sen[dt]s?|sent|routed?s?|forward(s|ed)?|transfer(s|red)?|gives?|given|assign(s|"
    r"ed)?|"
    r"escalate[sd]?|refer(s|red)?|move[sd]?|go(es)?|belongs?|ask|tell|contact|involve|looked|handled|after|over|on|"
    r"to|for|"
    r"with|by|it|them|him|her|these|those|this|that|they|then|please|and|or|but|so|should|must|be|is|are|was|were|"
    r"will|can|"
    r"the|a|an|about|when|if|always|directly|immediately|once|at|matters?|takes?|care|of|deals?|dealt|looks?|sees?|"
    r"responsible|bother|trouble|disturb|seen|answer(s|ed)?|simply|just|"
    # German
    r"übergib|übergibst|übergeben|übergebe|leite|leiten|weiter|weiterleiten|weitergeben|gib|geht|gehen|gehören|"
    r"gehört|"
    r"schick(e|en)?|sende|senden|verweise[n]?|verwiesen|wird|werden|ist|sind|bekommt|bekommen|erhält|kümmert|sich|"
    r"um|an|da|sache|eigentlich|immer|dafür|erklärt|"
    r"zu|zum|zur|das|die|den|der|dem|diese[rsnm]?|es|sie|ab|dann|sofort|bitte|und|oder|aber|in|fällt|fallen|"
    r"bearbeitet|beantwortet|übernimmt|zuständig|für|von|durch|verschickt|erledigt|macht|"
    # French
    r"transmett?(ez|re|s)?|passez|envoy(ez|er)|dirig(ez|er)|confi(ez|er)|vont?|va|à|au|aux|sont|est|traitées?|"
    r"traités?|par|"
    r"chez|s'occupe|s’occupe|occupe|aussitôt|des|de|du|d'|le|la|les|l'|ce|ces|cela|puis|et|ou|c'est|pour|vers|"
    # Spanish, Portuguese, Italian
    r"pasa|pase|pasar|envía|envíe|envíalo|deriva|derive|va|van|al|a|el|los|las|lo|lleva|llevan|se|encarga|ocupa|y|o|"
    r"para|por|com|isso|isto|esos|esas|já|caso|encaminh[ae]r?|encaminhe|passe|passe-[ao]s?|envie|ao|aos|às|os|as|um|uma|e|ou|trata|do|da|dos|"
    r"das|"
    r"passa(re)?|subito|inoltra(re)?|invia|manda|ne|occupano|di|del|della|dei|delle|il|lo|gli|i|un|una|è|sono|per|"
    # Dutch
    r"draag|dragen|overdragen|stuur|sturen|geef|door|verwijs|gaat|gaan|naar|aan|je|het|een|dit|dat|deze|en|of|"
    r"behandelt|regelt|zorgt|voor|horen|bij|meteen|direct|"
    # Polish, Swedish, Danish
    r"od|razu|przekaż|przekazać|do|wyślij|kieruj|skieruj|zajmuje|się|lämnas|lämna|skicka|skickas|över|till|går|tar|hand|om|"
    r"och|eller|att|sendes|send|til|og|eller|vid|är|hör|hamnar|går|hører|skal|på|"
    # Joints of a second half sentence: "... , they are for"
    r"ook|zijn|er|hoort|son|es|les|pásal[oa]s?|enseguida|são|é|vão|vai|vanno|są|idą|należą|trafiają?|auch|gehörst|"
    # Czech, Norwegian, Finnish, Romanian, Turkish, Hungarian, Russian
    r"předej|předat|pošli|patří|jde|jdou|k|ke|je|jsou|řeší|dostane|oversendes|videresend|siirrä|lähetä|ohjaa|kuuluu|"
    r"kuuluvat|hoitaa|ja|tai|trimite|transmite|către|la|și|sau|pentru|yönlendir|ilet|gönder|için|ve|veya|küldd|"
    r"továbbítsd|és|vagy|передай|передать|отправь|направь|к|в|на|и|или|для|занимается|"
    r"->|=>|→|—|–",
    _I,
)
_OBJECT = re.compile(
    r"(the |this |each |le |el |o |il |het |den |das )?"
    r"(case|message|mail|email|ticket|request|conversation|customer|issue|fall|fälle|nachricht|anfrage|vorgang|"
    r"dossier|message|"
    r"caso|casos|mensaje|mensagem|pratica|zaak|bericht|sprawę|ärendet|sagen)s?|work",
    _I,
)
_LEADS_IN = re.compile(
    r"^(?:step|schritt|étape|etape|paso|passo|stap|krok|steg)\s*\d+\s*[:.)]\s*"
    r"|^(?:if|when|whenever|where|in case|wenn|falls|sobald|si|quand|lorsque|cuando|se|quando|als|wanneer|jeśli|gdy|"
    r"om|när|hvis)\s"
    r"(?:(?:it|they|this|the (?:message|case|customer|mail)|some(?:one|body)|anyone|a customer|es|jemand|der kunde|"
    r"le client|"
    r"el cliente|o cliente|il cliente|de klant)\s)?"
    r"(?:(?:is|are|asks?|says?|writes?|wants?|reports?) (?:only |just )?(?:about|that|for|to know)\s|is about\s|"
    r"um\s|concerns?\s)?",
    _I,
)


def routes(word: str) -> bool:
    """Return whether the word alone only sends, refers back, or joins."""
    return not word or bool(_SENDS.fullmatch(word))


def is_object(word: str) -> bool:
    return bool(_OBJECT.fullmatch(word))


WHICH = {"that", "which", "who", "whose", "die", "der", "qui", "que", "che", "która", "które"}

_NUMBER = re.compile(
    r"\W*(?:rules?|regel|règle|regla|regola|regra|pravidlo|no\.?|nr\.?|[a-z]{1,2})?\W*\d{1,3}[a-z]?\W*", _I
)


def is_number(text: str) -> bool:
    """Return whether the text only numbers what it stands before: "R3", "Rule 2"."""
    return bool(_NUMBER.fullmatch(text))


def without_lead(text: str) -> str:
    """The text without "Step 2:" and "If someone asks about"."""
    previous = ""
    while previous != text:
        previous, text = text, _LEADS_IN.sub("", text, count=1)
    return text


# --- What is done with what nobody else gets ---

_DEFAULT = re.compile(
    r"\b(?:(?:every|any)(?:thing|one|body)\b(?: that| which| who)?(?: \w+)? ?(?:else|other|nowhere|none|not)|"
    r"(?:every|any)thing (?:else|other)|fits? (?:none|nowhere|nothing)|none of (?:these|this|them|the)|the rest\b|"
    r"otherwise\b|"
    r"all (?:the )?others?\b|(?:any|every|all) other \w+|other (?:cases|messages|questions|matters|requests|topics)|"
    r"(?:in|when in|if in) (?:any |all )?(?:doubt|other cases?)|not sure|unsure|unclear|cannot tell|can[’']t tell|"
    r"if nothing|no (?:rule|step|other) |not (?:covered|mentioned|listed)|remaining|whatever (?:else|is left)|"
    r"by default|"
    r"alles (?:andere|übrige|sonstige|weitere)|ansonsten|sonst\b|sonstiges?\b|übrige\w*|im zweifel\w*|unklar|"
    r"(?:in )?alle[nm]? (?:anderen|übrigen) \w+|passt (?:nichts|keine\w*)|nichts davon|"
    r"tou[st]e?s? (?:le reste|les autres|autres?)|le reste|autrement|sinon|en cas de doute|dans (?:les|"
    r"tous les) autres|pas clair|"
    r"autres (?:demandes|questions|messages|cas)|"
    r"todo lo demás|lo demás|el resto|en caso de duda|cualquier otr\w+|otr[ao]s (?:casos|consultas|temas)|"
    r"no está claro|"
    r"tudo o (?:resto|mais)|o resto|os demais|caso contrário|em caso de dúvida|qualquer outr\w+|outros assuntos|"
    r"tutto (?:il resto|l['’]altro)|il resto|altrimenti|in caso di dubbio|tutti gli altri|non (?:capisci|è chiaro)|"
    r"ogni altr\w+|"
    r"al(?:le|les| het) (?:andere|overige)|de rest\b|overige|bij twijfel|onduidelijk|anders\b|"
    r"wszystk\w+ inne|pozostał\w+|reszt[aęy]|w razie wątpliwości|inne sprawy|niejasn\w+|"
    r"allt? (?:annat|andet|annet|övrigt)|övrig\w*|øvrige|i tveksamma fall|oklart|i tvivl\w*|ellers\b|"
    r"vše(?:chno)? ostatní|ostatní\b|jinak\b|když si nejsi jist\w+|kaikki muu\w*|muuten\b|muut asiat|epäselv\w+|"
    r"restul\b|orice altceva|altfel\b|geri kalan\w*|diğer her şey|minden más\w*|egyéb\w*|"
    r"вс[её] остальн\w*|остальн\w+|иначе\b|(?:усе|все) інше|решт[аиу]\b|(?:όλα τα )?υπόλοιπα|οτιδήποτε άλλο|"
    r"כל (?:השאר|דבר אחר)|(?:كل )?ما عدا ذلك|أي شيء آخر|الباقي|غير ذلك)|"
    r"其他|其它|其余|その他|それ以外|그 외|기타|나머지",
    _I,
)
_ASKS = re.compile(
    r"\b(?:ask|asks|leave (?:it|that|this) to|check with|escalate to|consult)\b.{0,40}\b(?:person|human|someone|"
    r"some(?:body)|people|"
    r"member of staff|colleague)\b|\b(?:person|human)\b.{0,20}\b(?:decides?|looks?|takes?)\b|"
    r"\b(?:frag\w*|bitte)\b.{0,40}\b(?:mensch\w*|person|jemand\w*|kolleg\w*)\b|\b(?:mensch\w*|"
    r"jemanden?) .{0,20}frag\w*|"
    r"\b(?:demand\w+|consult\w+)\b.{0,30}\b(?:personne|humain|quelqu|collègue)|"
    r"\b(?:pregunt\w+|consult\w+)\b.{0,30}\b(?:persona|alguien|humano)|"
    r"\b(?:pergunt\w+)\b.{0,30}\b(?:pessoa|alguém|humano)|\b(?:chied\w+)\b.{0,30}\b(?:persona|qualcuno|umano)|"
    r"\bvra(?:ag|gen)\b.{0,30}\b(?:mens|persoon|iemand|collega)|\b(?:za|s)?pytaj\w*\b.{0,30}\b(?:człowiek\w*|"
    r"osob\w*|kog\w*)|"
    r"\bfråga\b.{0,30}\b(?:person|människa|någon|kollega)|\bsp(?:ø|o)rg?r?\b.{0,30}\b(?:person|menneske|nogen|noen)|"
    r"\bzepte\w+.{0,30}\b(?:člověk\w*|osob\w*|někoho|koleg\w*)|\bkysy\w*.{0,30}\b(?:ihmis\w*|henkilö\w*|joltakulta)|"
    r"\bîntreab\w*.{0,30}\b(?:persoan\w*|cineva|om|coleg\w*)|\b(?:insana|birine|kişiye).{0,12}sor|"
    r"\bkérdez\w*.{0,30}\b(?:ember\w*|valaki\w*)|спрос\w+.{0,30}(?:человек\w*|кого|сотрудник\w*)",
    _I,
)
_CLOSES = re.compile(
    r"\b(?:(?:and |then |just |you can |please )*(?:close|complete|finish|resolve|end)[sd]? (?:it|them|the|this|"
    r"these|that|such)?"
    r" ?(?:case|ticket|message|conversation|request|issue)?s?|(?:the )?(?:case|ticket)s? (?:is|"
    r"are) (?:then )?(?:complete|closed|done)\w*|"
    r"(?:is|are|be|gets?) (?:simply |just )?(?:closed|completed)|needs? no (?:answer|reply|action)|no (?:answer|"
    r"reply|action) (?:is )?needed|"
    r"schließ(?:e|t|en)? (?:du )?(?:den|die|das|diese[ns]?)? ?(?:fall|fälle|vorgang|ticket)|"
    r"(?:den |der )?(?:fall|vorgang) (?:ist |wird )?(?:\w+ )?(?:schließ\w*|abschließ\w*|abgeschlossen|geschlossen|"
    r"erledigt)|"
    r"erledigst du selbst|"
    r"ferm(?:ez|er|e)(?: le)? (?:dossier|cas|ticket)|clôtur\w+(?: le)? (?:dossier|cas)|clore(?: le)? \w+|"
    r"cierr[ae](?: el)? caso|ciérralo|cerrar(?: el)? caso|fech[ae]r?(?: o)? caso|encerre(?: o)? caso|"
    r"(?:não|no) precisam? de resposta|chiud[ia](?: il)? caso|sluit (?:de zaak|het|deze)|zamknij (?:sprawę|"
    r"zgłoszenie)|"
    r"stäng ärendet|avsluta ärendet|luk sagen|afslut sagen|lukk saken|avslutt saken|"
    r"(?:uza|za)vři(?: případ| ho| je)?|ukonči(?: případ)?|sulje (?:asia|tapaus|viesti)|închide (?:cazul|dosarul)|"
    r"закро[йи]\w*(?: обращение| дело)?|(?:kaydı|talebi) kapat|zárd le(?: az ügyet)?)(?!\w)",
    _I,
)
_ALSO = re.compile(
    r"\b(?:too|also|as well|likewise|the same|auch|ebenso|ebenfalls|aussi|également|también|también|também|anche|"
    r"ook|również|också)\b",
    _I,
)
_HOW = re.compile(
    r"^\w+ (?:also |sometimes )?(?:write|writes|schreiben|écrivent|escriben|schrijven)\b|"
    r"^(?:messages|mails|emails|cases|tickets|customers|people|nachrichten|kunden) (?:come|arrive|write|are|kommen|"
    r"schreiben|sind)\b|"
    r"\b(?:each|every|all|any|the|this|new|incoming|whole) (?:\w+ )?(?:case|message|mail|ticket|conversation|"
    r"colleague|request)s?\b|"
    r"\b(?:jede\w*|alle|die|lies|eingehende\w*|verteil\w*) (?:\w+ ){0,3}(?:nachricht|fall|fälle|anfrage|meldung|post|"
    r"mail)\w*|"
    r"\b(?:les?|el|la|los|i|le|os|as|de|het) (?:messages?|courriers?|mensajes?|correos?|mensagens|messaggi|"
    r"richieste|berichten|post)\b|"
    r"\b(?:sort|route|read|bring|triage|verteil\w*|lies|leia|lis|lisez|leggi|lee|lees|reparte|czytasz|du sorterar|"
    r"polite|kind|friendly)\b",
    _I,
)


def means_the_rest(text: str) -> bool:
    return bool(_DEFAULT.search(text))


def asks_a_person(text: str) -> bool:
    return bool(_ASKS.search(text))


def closes(text: str) -> bool:
    return bool(_CLOSES.search(text))


def without_closing(text: str) -> str:
    return _CLOSES.sub(" ", text)


def without_the_rest(text: str) -> str:
    return _DEFAULT.sub(" ", text)


_HALF = re.compile(
    r"[;,:]?\s+(?:while|whereas|während|tandis qu|alors qu|mientras|mentre|terwijl|enquanto|podczas gdy)\b|;", _I
)


def halves(text: str) -> tuple[str, str]:
    """Return what a text says before "while" and after it: "(@A) sees to refunds, while errors are for (@B)"."""
    first, *rest = _HALF.split(text, maxsplit=1)
    return first, rest[0] if rest else ""


def adds(text: str) -> bool:
    """Return whether a sentence goes on with what the one before it said: "Vouchers too."."""
    return bool(_ALSO.search(text))


def says_how(text: str) -> bool:
    """Return whether a text tells how to work ("Read the whole message first") and not what about."""
    return bool(_HOW.search(text))


# --- The parts of an enumeration ---

_PARTS = re.compile(
    r"\s*[,;/|()]\s*|\s+(?:and|or|und|oder|sowie|et|ou|y|o|e|ed|en|of|oraz|lub|i|och|eller|og)\s+|:\s+", _I
)


def parts(text: str) -> list[str]:
    """Return what an enumeration lists, as far as each part says something."""
    found = [part.strip(" .,:;") for part in _PARTS.split(text)]
    return [
        part
        for part in dict.fromkeys(found)
        if len(part) > 2 and not all(routes(word) for word in part.lower().split())
    ]
