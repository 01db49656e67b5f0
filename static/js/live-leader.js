// Which of a browser's pages does something for all of them, and what they tell each other.
//
// Pages of the same name elect one: by a Web Lock, which the browser passes on by itself when a page is closed or dies.
// Locks exist only on https and localhost; elsewhere the pages agree by themselves: who hears of no leader leads.
// A leader that is alive but stands still (a dialog of the browser, a debugger) is replaced after some silent beats.
// Without BroadcastChannel every page leads, for itself.
const BEAT_MS = 2000;
const SILENT_BEATS = 4; // and up to three more, so that not all pages lose patience at once
const FIRST_WORD_MS = 200;

export class Leader {
  leads = false;

  /** `on`: onLead(), onFollow(), onMessage(message), and beat(): what a leader says with every beat. */
  constructor(name, on) {
    Object.assign(this, { name, on, id: Math.random().toString(36).slice(2) });
  }

  join() {
    if (this.isIn) return;
    this.isIn = true;
    this.silent = 0;
    this.patience = SILENT_BEATS + Math.random() * 3;
    if (!window.BroadcastChannel) return this.lead();
    this.channel = new BroadcastChannel(this.name);
    this.channel.onmessage = ({ data }) => this.hear(data);
    this.ticking = setInterval(() => this.tick(), BEAT_MS);
    this.say({ who: true });
    if (navigator.locks) this.wait();
    else this.claim(FIRST_WORD_MS);
  }

  leave() {
    if (!this.isIn) return;
    this.isIn = false;
    clearInterval(this.ticking);
    clearTimeout(this.claiming);
    if (this.leads) this.say({ bye: true });
    this.leads = false;
    this.waiting?.abort();
    this.release?.();
    this.release = this.waiting = undefined;
    this.channel?.close();
    this.channel = undefined;
  }

  say(message) {
    this.channel?.postMessage({ ...message, from: this.id, leads: this.leads });
  }

  /** What the leader says of itself, so that others know that it is there. */
  beat() {
    if (this.leads) this.say({ beat: this.on.beat() });
  }

  tick() {
    if (this.leads) this.beat();
    // Beats and not seconds: after a sleep of the machine the leader gets its chance, too.
    else if (++this.silent > this.patience) this.seize();
  }

  hear(message) {
    if (message.leads && !message.bye) {
      this.silent = 0;
      clearTimeout(this.claiming);
      // Without locks two may have begun at once: one of them steps down, the same for both.
      if (this.leads && !navigator.locks) message.from < this.id ? this.follow() : this.beat();
    }
    if (message.who) this.beat();
    else if (message.bye && !navigator.locks) this.claim(0);
    else if (!message.bye) this.on.onMessage(message);
  }

  lead() {
    this.leads = true;
    this.beat();
    this.on.onLead();
  }

  follow() {
    if (!this.leads) return;
    this.leads = false;
    this.on.onFollow();
  }

  // --- With locks ----------------------------------------------------------------------------

  wait(how = {}) {
    this.waiting?.abort();
    const waiting = (this.waiting = new AbortController());
    const options = how.steal ? how : { signal: waiting.signal };
    const held = () => {
      if (!this.isIn || this.waiting !== waiting) return undefined;
      return new Promise((release) => {
        this.release = release;
        this.lead();
      });
    };
    navigator.locks.request(this.name, options, held).catch(() => this.robbed(waiting));
  }

  /** Another page took the lead from this one, which stood still: it waits in line again. */
  robbed(waiting) {
    if (!this.isIn || this.waiting !== waiting) return;
    this.follow();
    this.wait();
  }

  // --- Without -------------------------------------------------------------------------------

  claim(patience) {
    clearTimeout(this.claiming);
    this.claiming = setTimeout(() => this.isIn && !this.leads && this.lead(), patience + Math.random() * FIRST_WORD_MS);
  }

  seize() {
    this.silent = 0;
    if (navigator.locks) this.wait({ steal: true });
    else this.lead();
  }
}
