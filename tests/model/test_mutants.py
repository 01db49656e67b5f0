"""The mutants of the model test: a guard that has moved would be missed without a word until someone runs them all."""

from benchmarks.mutants import MUTANTS


def test_every_mutant_fits_the_code() -> None:
    for name, mutant in MUTANTS.items():
        compile(mutant.code(), name, "exec")
