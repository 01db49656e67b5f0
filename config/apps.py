"""Third-party apps, with the names that Baton's pages use for them."""

from django_rq.apps import DjangoRqAdminConfig


class QueuesAndWorkers(DjangoRqAdminConfig):
    verbose_name = "Queues and workers"
