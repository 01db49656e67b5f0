"""The working: runs, their steps, the handovers they ask for and the questions they wait on."""
