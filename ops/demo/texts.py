"""The demo: a support desk of three agents, their procedures and the emails that wait for them. Plain data.

A procedure names its colleagues as `{Name}`; `procedure` turns those into mentions once the agents exist. `{name}`, in
small letters, is a field of the case in a reply.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from builder.procedures import mentions

QUEUE = "Support"
QUEUE_DESCRIPTION = "Emails from customers of Fernhill, a rota planner for small teams."


@dataclass(frozen=True)
class DemoAgent:
    name: str
    description: str
    aop: str
    consumes: tuple[str, ...] = (QUEUE,)
    ask_person: bool = True


@dataclass(frozen=True)
class DemoCase:
    title: str
    data: dict[str, str]
    priority: str = "none"
    labels: tuple[str, ...] = ()


def procedure(aop: str, ids: Mapping[str, UUID]) -> str:
    """Return the text of a demo procedure with each `{Name}` as a mention. KeyError for a name that `ids` lacks."""
    return re.sub(r"\{([A-Z][^{}]*)\}", lambda match: mentions.token(ids[match[1]], match[1]), aop)


TRIAGE = DemoAgent(
    name="Triage",
    description="Reads each new email first and passes it to the colleague who can solve it.",
    aop="""\
GOAL
Each message in the Support queue reaches the right colleague on the first try.

STEPS
1. Read the whole message before you decide. The subject line is often about something else.
2. Invoices, refunds, double charges, payment methods and cancelling a subscription: hand over to {Billing Specialist}.
3. Error messages, crashes, trouble signing in, the API, sync and slow pages: hand over to {Technical Support}.
4. If it is about neither, or about both, ask a person who should take it.

NOTES
- Never answer the customer from here.
- Messages come in any language. Pass them on as they are.
- Close newsletters and advertising; nobody needs to answer them.
""",
)

BILLING = DemoAgent(
    name="Billing Specialist",
    description="Invoices, refunds, double charges, payment methods and cancelling a subscription.",
    aop="""\
GOAL
Settle everything about money: what was charged, what is paid back, and what is on the invoice.

STEPS
1. Charged twice, or charged after cancelling: refund the later payment and confirm the amount.
2. Wrong name, address or VAT number on an invoice: issue a corrected invoice.
3. A new credit card or direct debit: send the link to the payment page.
4. Cancelling a subscription, or moving to another plan: do it at the end of the paid period.
5. If the cause is a fault in the product, such as an error message, a crash or failed sign-in, hand over to \
{Technical Support}.

NOTES
- Refunds above 500 euros need a person's approval.
- Complete the case when the customer has an answer.

REPLIES
- Charged twice, or charged after cancelling: Hello {customer},
  thank you for telling us. We are looking at both payments. If one is a mistake, you get it back within five days.
  Kind regards, Fernhill
- Wrong name, address or VAT number on an invoice: Hello {customer},
  we are sorry about that. You get a corrected invoice by email. The amount stays the same.
  Kind regards, Fernhill
- A new credit card or direct debit: Hello {customer},
  you can enter a new card or change to direct debit under Settings, Billing, Payment method. It counts from the next \
invoice on.
  Kind regards, Fernhill
- Cancelling a subscription: Hello {customer},
  your subscription ends with the period that you have paid for. Until then everything works as before.
  Kind regards, Fernhill
""",
)

TECHNICAL = DemoAgent(
    name="Technical Support",
    description="Error messages, crashes, trouble signing in, the API, sync and slow pages.",
    aop="""\
GOAL
Find out what is broken and get the customer working again.

STEPS
1. Trouble signing in: send a fresh link and check that the account is not locked.
2. Error messages and crashes: look up the code in the list of known faults and send the steps that get round it.
3. The API and calendar sync: check the key, the address and the limits, then replay the last request.
4. Slow pages: ask for the time and the place, and compare them with the status page.

NOTES
- Write down the browser, the app version and the exact error text.
- Say when the fix will be out only if the fault list says so.
- Complete the case when the customer has an answer.

REPLIES
- Trouble signing in, or a password that does not work: Hello {customer},
  you get a fresh link at {email} in a moment. It works for one hour.
  Kind regards, Fernhill
- The app crashes or closes: Hello {customer},
  we are sorry. Please clear the cache of the app and sign in again; that helps until the next update is out.
  Kind regards, Fernhill
- Calendar sync has stopped: Hello {customer},
  please disconnect the calendar, wait for ten minutes and connect it again. If shifts are still missing, tell us.
  Kind regards, Fernhill
""",
)

AGENTS = (TRIAGE, BILLING, TECHNICAL)

CASES = (
    DemoCase(
        title="Charged twice in November",
        data={
            "customer": "Marta Lindqvist",
            "email": "marta.lindqvist@example.com",
            "message": """\
Hello,

my card statement shows two payments of 49.00 to Fernhill, on 3 and 4 November. We have one account and one \
subscription, so one of them must be a mistake. Could you please pay the second one back?

Thank you
Marta Lindqvist, Café Sundet""",
        },
        priority="high",
        labels=("mail",),
    ),
    DemoCase(
        title="App closes as soon as I open the rota",
        data={
            "customer": "Tom Okafor",
            "email": "tom.okafor@example.com",
            "message": """\
Hi there,

since the update on Monday the Android app crashes every time I tap on "This week". It flashes white for a second and \
then I am back on my home screen. I have reinstalled it twice and restarted the phone (Pixel 8, Android 16). On the \
website everything works.

Any idea?
Tom""",
        },
        priority="high",
        labels=("mail", "app"),
    ),
    DemoCase(
        title="VAT number missing on invoice 2291",
        data={
            "customer": "Helen Brandt",
            "email": "accounts@example.org",
            "message": """\
Dear Sir or Madam,

our auditor does not accept invoice 2291 because it lacks our VAT number (DE 811 200 345) and still shows the old \
street address. Please send us a corrected invoice in PDF. The amount itself is right and has been paid.

Kind regards
Helen Brandt
Accounts payable""",
        },
        labels=("mail",),
    ),
    DemoCase(
        title="Cannot sign in since I changed my password",
        data={
            "customer": "Priya Raman",
            "email": "priya.raman@example.com",
            "message": """\
I reset my password this morning and now the login page just says "Something went wrong (E-403)" whatever I type. The \
reset email came through fine. My shift leads are locked out as well and we open at six tomorrow, so please be quick.

Priya""",
        },
        priority="high",
        labels=("mail",),
    ),
    DemoCase(
        title="Please cancel our subscription",
        data={
            "customer": "Joe Castellano",
            "email": "joe@example.net",
            "message": """\
Hey Fernhill team,

we are closing the shop at the end of the year, so please cancel our Team plan. Do we get the remaining months back, \
since we paid for the whole year in June? Nothing against you, it has been great.

Joe""",
        },
        labels=("mail",),
    ),
    DemoCase(
        title="API answers 429 although we send one request a minute",
        data={
            "customer": "Ingrid Solheim",
            "email": "ingrid.solheim@example.com",
            "message": """\
Hello,

our export script calls GET /v2/shifts on your API once a minute with a valid key. Since last night about every third \
request fails with HTTP 429 and an empty body. The limit in your documentation is 60 a minute. Is this a known error?

Request id of the last one: 7f3a-0c11.

Best,
Ingrid""",
        },
        priority="medium",
        labels=("mail", "api"),
    ),
    DemoCase(
        title="Doppelte Abbuchung im Oktober",
        data={
            "customer": "Jürgen Petersen",
            "email": "j.petersen@example.de",
            "message": """\
Guten Tag,

im Oktober wurde der Betrag von 29,00 Euro zweimal von unserem Konto abgebucht. Bitte erstatten Sie uns die zweite \
Zahlung und schicken Sie uns eine korrigierte Rechnung.

Mit freundlichen Grüßen
Jürgen Petersen, Bäckerei Petersen""",
        },
        priority="medium",
        labels=("mail",),
    ),
    DemoCase(
        title="New credit card",
        data={
            "customer": "Aiko Tanaka",
            "email": "aiko.tanaka@example.com",
            "message": """\
Hi,

our company card runs out at the end of the month and I can't find where to enter the new one. Where do I change the \
payment method before the next invoice is due? We would also be fine with direct debit.

Thanks
Aiko""",
        },
        labels=("mail",),
    ),
    DemoCase(
        title="Calendar sync stopped",
        data={
            "customer": "Samuel Adeyemi",
            "email": "samuel.adeyemi@example.com",
            "message": """\
Good morning,

shifts no longer show up in my Google calendar. The last sync was on Thursday at 14:02. I disconnected the calendar \
and connected it again, it says "synced" with a green tick, but nothing arrives. Two colleagues see the same.

Samuel""",
        },
        labels=("mail",),
    ),
    DemoCase(
        title="Refund for the seats we never used",
        data={
            "customer": "Chloé Marchand",
            "email": "chloe.marchand@example.com",
            "message": """\
Hello,

in September we bought 20 extra seats for summer staff who then did not come. They were billed for three months. I \
know it is late, but could we get a refund for at least the last month? Our invoice is 2417.

Warm regards
Chloé Marchand""",
        },
        labels=("mail",),
    ),
    DemoCase(
        title="Payment page shows an error",
        data={
            "customer": "Dan Whitfield",
            "email": "dan.whitfield@example.com",
            "message": """\
When I try to pay invoice 2430 the page crashes with "Error 500" as soon as I enter my card, in Chrome and in Firefox. \
Has the money been taken? Please check the payment, and tell me what to do about the error.

Dan""",
        },
        priority="medium",
        labels=("mail",),
    ),
    DemoCase(
        title="Talk at our school?",
        data={
            "customer": "Rosa Delgado",
            "email": "rosa.delgado@example.edu",
            "message": """\
Dear Fernhill team,

every spring our business school invites founders to speak to the students for an hour. Would one of you like to come \
in March and tell them how you started the company? We would cover the train and lunch.

Best wishes
Rosa Delgado""",
        },
        labels=("mail",),
    ),
)
