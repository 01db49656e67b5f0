"""Apps of others, under the name that Baton's pages give them."""

from django_rq.apps import DjangoRqAdminConfig


class QueuesAndWorkers(DjangoRqAdminConfig):
    verbose_name = "Queues and workers"
