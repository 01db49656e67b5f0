// Procedures to start from. They mention nobody: whom to hand over to is for the one who writes.
export const STARTERS = [
  {
    name: "Goal, steps, notes",
    text: `GOAL
What a good result looks like, in a sentence or two.

STEPS
1. Read the whole case before you decide.
2. If it is about …, hand over to …
3. Otherwise do …, and complete the case with what you did.

NOTES
- What the agent must never do.
- When it should ask a person.`,
  },
  {
    name: "Sort incoming mail",
    text: `GOAL
Every message reaches the agent that can answer it, on the first try.

STEPS
1. Read the whole message, and what was written before it.
2. Decide what the sender wants most. A message about several things counts as the most urgent one.
3. If it is about money, such as an invoice, a refund or a double charge, hand over to the agent for billing.
4. If something does not work, hand over to the agent for technical support.
5. If it is advertising or an automatic reply, complete the case and say so.

NOTES
- Never answer the sender yourself.
- If two agents would fit, say in the note why you chose this one.
- If you cannot tell what is wanted, ask a person.`,
  },
  {
    name: "Handle refunds",
    text: `GOAL
A refund that is owed is prepared the same day; one that is not is declined in friendly words.

STEPS
1. Find the order number, the amount and the date of the payment in the case.
2. If one of them is missing, ask a person for it.
3. If the payment is at most 30 days old, write down the amount and the reason, and complete the case as “refund due”.
4. If it is older, write a short refusal that names the 30 days, and complete the case as “declined”.
5. If the amount is above 500, ask a person to approve it first.

NOTES
- Never promise a date for the money.
- A second request for the same order goes to a person.`,
  },
  {
    name: "Check a document",
    text: `GOAL
Someone who reads only your summary knows whether the document can be signed.

STEPS
1. Say in one sentence what the document is and between whom.
2. List the dates, the amounts and the periods of notice that it names.
3. Compare them with the case. Name every difference, with the words of the document.
4. If nothing differs, complete the case with your summary.
5. If something differs, ask a person how to go on, with the list.

NOTES
- Quote; do not retell what matters word for word.
- Say so where a page is missing or cannot be read.`,
  },
];
