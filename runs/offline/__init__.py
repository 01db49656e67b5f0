"""The offline stand-in: a router that compares a case with the clauses of a procedure, without any language model."""
