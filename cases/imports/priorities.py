"""Reads priorities in the words of other tools and languages."""

import re
import unicodedata

from cases.models import Case

Priority = Case.Priority

# Without accents and in small letters. What is below medium has no priority here.
_WORDS = {
    Priority.HIGH: """high higher highest critical crit urgent emergency blocker severe major immediate important top
        asap hoch hohe hoher hohes hochste hochster dringend kritisch eilig wichtig sofort
        haut haute hautes eleve elevee elevees urgente critique prioritaire importante
        alta alto altas altissima maxima critica critico muyalta
        hoog hoogste dringend kritiek spoed belangrijk
        wysoki wysoka wysokie najwyzszy krytyczny pilny pilne
        hog hogsta hoj hojeste hoy hoyest haster kritisk bradskande korkea kiireellinen kriittinen
        vysoka vysoky kriticka nalehave
        высокии высокая высокое наивысшии критическии срочно срочныи критичныи
        yuksek acil kritik
        高 最高 緊急 紧急 至急 重要 높음 긴급""",
    Priority.MEDIUM: """medium med moderate middle mid mittel mittlere mittlerer mittleres moyen moyenne media medio
        mediana gemiddeld middel sredni srednia medel medell mellan middels keskitaso stredni
        среднии средняя среднее orta 中 中等 보통""",
    Priority.NONE: """none no low lower lowest minor trivial normal standard default regular planning
        niedrig niedrige niedriger gering geringe keine ohne
        bas basse faible faibles normale aucune aucun mineur mineure
        baja bajo bassa basso baixa baixo nessuna ninguna nenhuma normalna
        laag laagste geen normaal niski niska niskie najnizszy brak normalny
        lag lagsta lav laveste ingen normaali matala ei nizka nizky zadna normalni
        низкии низкая низкое обычныи нет dusuk yok
        低 最低 無 无 なし 普通 낮음 없음""",
}
_BY_WORD = {word: level for level, words in _WORDS.items() for word in words.split()}
# P1 to P5, S1, Sev 2, or the number alone, of which 1 comes first in all tools.
_BY_NUMBER = {"1": Priority.HIGH, "2": Priority.HIGH, "3": Priority.MEDIUM, "4": Priority.NONE, "5": Priority.NONE}
_NOT = {"not", "non", "nicht", "pas", "kein", "keinesfalls", "niet", "nie", "inte", "ikke", "не"}
_SHORT = {"h": Priority.HIGH, "m": Priority.MEDIUM, "l": Priority.NONE, "n": Priority.NONE}


def read_priority(text: str) -> Case.Priority | None:
    """Return the priority, or None if it is unknown or ambiguous."""
    words = re.findall(r"[^\W\d_]+|\d+", re.sub(r"\.0+$|优先级|優先級|優先度|程度", "", _bare(text)))
    said = {_BY_WORD[word] for word in words if word in _BY_WORD}
    if _NOT.intersection(words):
        return None
    if said:
        return said.pop() if len(said) == 1 else None
    joined = "".join(words)
    if numbered := re.fullmatch(r"(?:p|s|sev|severity|prio|priority|level)?([0-5])", joined):
        if numbered[1] == "0":
            return Priority.NONE if joined == "0" else Priority.HIGH
        return _BY_NUMBER[numbered[1]]
    return _SHORT.get(joined)


def _bare(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text.casefold().replace("ł", "l").replace("ø", "o").replace("ı", "i"))
    return unicodedata.normalize("NFC", "".join(part for part in parts if not unicodedata.combining(part)))
