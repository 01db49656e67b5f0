// A mention in the text: an atom that shows the agent's current name and what the mention is worth.

// Said after the name, for those who do not see the colour.
const SAID = { deleted: "deleted", unknown: "not of your team", unavailable: "cannot take over here", self: "this agent itself" };

export const spoken = (node, agents) => {
  const agent = agents.get(node.attrs.id);
  const name = agent?.name ?? node.attrs.name;
  const whom = `${node.attrs.kind} ${name}`;
  return SAID[agent?.status] ? `${whom}, ${SAID[agent.status]}` : whom;
};

export class Badge {
  constructor(node, agents, element) {
    this.agents = agents;
    this.element = element;
    this.dom = document.createElement("span");
    this.dom.className = "mention-badge";
    this.dom.setAttribute("role", "img");
    this.dom.badge = this;
    this.learned = (ids) => ids.has(this.node.attrs.id) && this.draw();
    agents.listeners.add(this.learned);
    this.update(node);
  }

  update(node) {
    if (this.node && (node.type !== this.node.type || node.attrs.id !== this.node.attrs.id)) return false;
    this.node = node;
    this.draw();
    return true;
  }

  draw() {
    const agent = this.agents.get(this.node.attrs.id);
    const status = agent?.status ?? "ok";
    const look = status === "unknown" ? "deleted" : status;
    const { kind } = this.node.attrs;
    const badge = this.element.querySelector(`template[data-badge="${kind}-${look}"]`) ?? this.element.querySelector(`template[data-badge="${look}"]`);
    const drawn = badge.content.firstElementChild.cloneNode(true);
    drawn.querySelector("span").textContent = agent?.name ?? this.node.attrs.name;
    drawn.querySelectorAll(".sr-only").forEach((words) => words.remove());
    drawn.removeAttribute("title");
    drawn.dataset.status = status;
    this.dom.replaceChildren(drawn);
    this.dom.setAttribute("aria-label", spoken(this.node, this.agents));
  }

  selectNode() {
    this.dom.classList.add("is-selected");
  }

  deselectNode() {
    this.dom.classList.remove("is-selected");
  }

  ignoreMutation(mutation) {
    return mutation.type !== "selection";
  }

  destroy() {
    this.agents.listeners.delete(this.learned);
  }
}
