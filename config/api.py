"""The API, version 1: the routers of the apps, put together."""

from ninja import NinjaAPI

from teams.api import TeamKey

api = NinjaAPI(title="Baton", version="1", auth=TeamKey())
