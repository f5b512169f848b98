import logging

from workers.logs import WithoutValues


def line(caplog, arguments):
    logger = logging.getLogger("celery.app.trace.test")
    logger.addFilter(WithoutValues())
    with caplog.at_level(logging.INFO):
        try:
            raise ValueError("COPY registrations, line 1: 张三")
        except ValueError:
            logger.exception("Task %(name)s[%(id)s] %(description)s: %(exc)s", arguments)
    return caplog.text


def test_what_an_error_says_stays_out_of_the_log(caplog):
    said = line(
        caplog,
        {
            "name": "intake.load",
            "id": "7",
            "description": "raised unexpected",
            "exc": "OperationalError('CONTEXT: line 1, column name: 张三')",
            "args": "('张三',)",
            "traceback": "… 张三",
        },
    )

    assert "Task intake.load[7] raised unexpected: OperationalError" in said
    assert "张三" not in said
