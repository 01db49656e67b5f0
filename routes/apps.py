from importlib import import_module

from django.apps import AppConfig


class RoutesConfig(AppConfig):
    name = "routes"

    def ready(self) -> None:
        # They register what the offline stand-in learns from.
        import_module("routes.corrections.examples")
        import_module("routes.routing_tests.examples")
        import_module("routes.checks.checks")  # it hears what tests answer
        import_module("routes.impact.impacts")  # so does this
