from importlib import import_module

from django.apps import AppConfig


class TeamsConfig(AppConfig):
    name = "teams"

    def ready(self) -> None:
        import_module("teams.sign_in.log")  # it listens to what Django and allauth tell
