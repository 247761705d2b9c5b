"""Views that read what jobs have written, and that ask for a job."""

from datetime import UTC, datetime

from django.http import HttpRequest, JsonResponse

from job_scheduler.lifespans import database, scheduler


async def index(request: HttpRequest) -> JsonResponse:
    """Show what has been measured."""
    query = "SELECT count(*), total(seconds) FROM measurement"
    async with database.get().execute(query) as cursor:
        [(number, seconds)] = await cursor.fetchall()
    return JsonResponse({"measurements": number, "computed": f"{seconds:.3f} s"})


def measure(request: HttpRequest) -> JsonResponse:
    """Have the job run now, in a sync view: the scheduler may be asked in a thread."""
    job = scheduler.get().modify_job("measure", next_run_time=datetime.now(UTC))
    return JsonResponse({"job": job.id, "every": str(job.trigger.interval)})
