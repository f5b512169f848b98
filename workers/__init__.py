"""The only code that knows Celery: app, queues, schedule, relay, tasks."""
