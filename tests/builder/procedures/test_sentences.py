"""What the sentences of a procedure say, as far as words tell."""

from uuid import UUID

import pytest

from builder.procedures import mentions, sentences

NAMES = {"@X": UUID(int=1), "@Y": UUID(int=2)}


def forbidden(text: str) -> list[str]:
    for name, pk in NAMES.items():
        text = text.replace(name, mentions.token(pk, f"Dr. {name[1:]}, Ltd"))
    found = sentences.forbidden(text)
    return [name for name, pk in NAMES.items() if pk in found]


@pytest.mark.parametrize(
    "text",
    [
        "never hand over to @X",
        "NEVER HAND OVER TO @X!",
        "**Never** hand over to @X.",
        "Never hand refunds to @X.",
        "Do not send refunds to @X",
        "Don't ever pass it to @X!",
        "Don’t pass it to @X.",
        "You can't send it to @X",
        "Cases must not go to @X",
        "Cases should not simply be handed over to @X.",
        "@X must never get refunds.",
        "@X is not for refunds.",
        "Never, under any circumstances, hand over to @X.",
        "Under no circumstances hand over to @X.",
        "No refunds go to @X",
        "Send no refunds to @X.",
        "Avoid @X.",
        "Never ask @X.",
        "Hand over to anyone except @X.",
        "Never hand over to:\n- @X",
        "1. Refunds: pay them.\n2. Never hand over\nto anyone. Never to @X.",
        "Übergib niemals an @X",
        "Übergib nie Rechnungen an @X.",
        "Rechnungen nicht an @X übergeben.",
        "Keine Rechnungen an @X.",
        "Gib auf keinen Fall etwas an @X.",
        "An @X wird nicht übergeben.",
        "@X bekommt keine Rechnungen.",
        "Du darfst nicht an @X weiterleiten",
        "Unter keinen Umständen an @X.",
    ],
)
def test_a_mention_in_a_sentence_that_says_not_to_is_found(text: str) -> None:
    assert forbidden(text) == ["@X"]


@pytest.mark.parametrize(
    "text",
    [
        "Hand over to @X.",
        "If it is not a bug, hand over to @X",
        "If it is not a bug hand over to @X",
        "Don't forget to hand over to @X",
        "Not only refunds but also invoices go to @X",
        "What you cannot solve goes to @X",
        "Anything you can't solve hand over to @X",
        "Refunds the customer did not ask for go to @X",
        "Do not reply and hand over to @X",
        "Do not reply. Hand over to @X.",
        "Never answer the customer; hand over to @X",
        "Do not guess: hand over to @X",
        "A case with no invoice goes to @X",
        "Customers who never paid go to @X",
        "- Cannot sign in, app does not start: @X",
        "Hand over to @X if it is not clear.",
        "Hand over to @X, never answer yourself",
        "Hand over to @X. Never answer yourself.",
        "If @X is not available, wait.",
        "Never hand over to:\n- strangers\nHand over to @X.",
        "Wenn es keine Rechnung ist, übergib an @X",
        "Kunden, die nie bezahlt haben, gehen an @X.",
        "Was nicht klar ist, geht an @X",
        "Nicht bezahlte Rechnungen an @X.",
        "Nicht nur Rechnungen, sondern auch Mahnungen an @X",
        "Vergiss nicht, an @X zu übergeben.",
        "Never hand refunds to @X. Invoices go to @X.",
    ],
)
def test_a_mention_that_is_meant_is_left_alone(text: str) -> None:
    assert forbidden(text) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Refunds go to @X, not to @Y.", ["@Y"]),
        ("Send it to @X not to @Y", ["@Y"]),
        ("Never hand over to @X, hand over to @Y.", ["@X"]),
        ("Never hand over to @X but to @Y", ["@X"]),
        ("Nie an @X, sondern an @Y", ["@X"]),
        ("Never to @X or @Y.", ["@X", "@Y"]),
        ("Never to @X, @Y or anyone.", ["@X", "@Y"]),
    ],
)
def test_of_two_mentions_the_forbidden_one_is_found(text: str, found: list[str]) -> None:
    assert forbidden(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "Complete the case when the refund is paid.",
        "3. Otherwise close it.",
        "Then the case is done.",
        "Schließe den Fall ab, sobald bezahlt ist.",
        "Wenn alles erledigt ist: fertig.",
        "Termine le dossier.",
        "処理が完了したら終わり",
    ],
)
def test_a_procedure_says_when_a_case_is_complete(text: str) -> None:
    assert sentences.says_when_complete(f"GOAL\nHelp.\n\n{text}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Settle everything about money.",
        "Never close a case.",
        "Schließe den Fall nicht.",
        "Stay close to the text; what is enclosed was disclosed.",
        "Hand over to " + mentions.token(UUID(int=1), "Completion desk"),
    ],
)
def test_a_procedure_does_not_say_when_a_case_is_complete(text: str) -> None:
    assert not sentences.says_when_complete(text)


def test_a_very_long_procedure_is_read() -> None:
    line = (
        f"- If it is not clear what they want, never guess; ask, or hand over to {mentions.token(UUID(int=1), 'X')}.\n"
    )
    text = line * (200_000 // len(line))
    assert sentences.forbidden(text) == []
    assert not sentences.says_when_complete(text)
