"""Loads a dataset into a running EventLoop: catalogue through the gateway, the mass by the daemons' imports."""

import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import catalogue
from dataset import make_id, shift_days
from door import Door

ROOT = Path(__file__).resolve().parents[3]
BUILD = ROOT / "build"


def door_of(gateway, data_dir):
    """The gateway as the administrator of the data directory."""
    admin = json.loads((Path(data_dir) / "admin.json").read_text())
    return Door(gateway, admin["email"], admin["password"])


def state_file(data_dir, name):
    return Path(data_dir) / f"realdata-{name}.json"


def read_state(data_dir, name):
    path = state_file(data_dir, name)
    return json.loads(path.read_text()) if path.exists() else None


def write_state(data_dir, state):
    path = state_file(data_dir, state["name"])
    part = path.with_suffix(".part")
    part.write_text(json.dumps(state, indent=1, ensure_ascii=False) + "\n")
    part.replace(path)


def program(data_dir, daemon):
    """The program that runs there (so that import and daemon are of one build), else that of EVENTLOOP_PRESET."""
    with suppress(OSError, ValueError, IndexError):
        pid = int((Path(data_dir) / "run" / f"{daemon}.pid").read_text())
        running = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode()
        if running.endswith(f"eventloop-{daemon}") and os.access(running, os.X_OK):
            return running
    return str(BUILD / os.environ.get("EVENTLOOP_PRESET", "release") / f"eventloop-{daemon}")


def run_import(data_dir, daemon, path):
    """The summary of `eventloop-DAEMON import`, with the settings that the data directory has for it."""
    config = Path(data_dir) / "config" / f"{daemon}.conf"
    command = [program(data_dir, daemon), "import", str(path), "--config", str(config)]
    result = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, text=True)
    lines = result.stdout.strip().splitlines()
    if result.returncode != 0 or not lines:
        raise SystemExit(f"{' '.join(command)}: exit {result.returncode}\n{result.stdout}{result.stderr[-4000:]}")
    summary = json.loads(lines[-1])
    if summary["rejected"]:
        print(result.stderr[-2000:], file=sys.stderr)
    return summary


def listing_line(listing, dataset, state):
    """A line of the import: the fields of events.listing.create."""
    properties = {}
    for source, value in listing.properties.items():
        values = state["values"].get(source)
        properties[state["keys"][source]] = values[value] if values is not None else value
    line = {
        "kind": "listing",
        "id": state["listings"][listing.external_id],
        "company_id": state["company_id"],
        "external_id": listing.external_id,
        "type": dataset.type["key"],
        "title": listing.title,
        "description": listing.description,
        "address": listing.address,
        "capacity": listing.capacity,
        "units": 1,
        "price_unit": dataset.type["unit"],
        "properties": properties,
    }
    if listing.lat is not None:
        line["location"] = {"lat": listing.lat, "lon": listing.lon}
    if listing.price is not None:
        line["price"] = {"amount": listing.price, "currency": "USD"}
    return line


def midnight(day, shift):
    return (day + timedelta(days=shift)).isoformat() + "T00:00:00Z"


def booking_lines(listing, state):
    listing_id, shift = state["listings"][listing.external_id], state["shift_days"]
    for first, last in listing.busy:
        name = f"{first.isoformat()}/{last.isoformat()}"
        yield {
            "kind": "booking",
            "id": make_id("booking", listing_id, name),
            "listing_id": listing_id,
            "external_id": name,
            "period": {"from": midnight(first, shift), "to": midnight(last, shift)},
        }


def review_lines(dataset, state):
    """Shifted as the calendar is, but none lies in the future."""
    latest = datetime.fromisoformat(state["loaded_first"]).date() - timedelta(days=1)
    shift = timedelta(days=state["shift_days"])
    scores = {listing.external_id: listing.score for listing in dataset.listings}
    for review_id, external_id, day, text in dataset.reviews():
        listing_id = state["listings"][external_id]
        yield {
            "id": make_id("review", listing_id, review_id),
            "subject_id": listing_id,
            "author_name": "",
            "score": float(scores[external_id]),
            "text": text,
            "created_at": min(day + shift, latest).isoformat() + "T00:00:00Z",
            "external_id": review_id,
        }


def write_lines(path, lines):
    count = 0
    with open(path, "w", encoding="utf-8") as file:
        for line in lines:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
            count += 1
    return count


def event_lines(dataset, state):
    for listing in dataset.listings:
        yield listing_line(listing, dataset, state)
    for listing in dataset.listings:
        yield from booking_lines(listing, state)


def begin_state(door, dataset, data_dir):
    """What a load before left, or a new company and the shift of today; written before anything is loaded."""
    state = read_state(data_dir, dataset.name)
    if state is None:
        company = door.call("passport.company.create", {"name": f"Real data: {dataset.name}"[:100]})
        state = {
            "name": dataset.name,
            "company_id": company["id"],
            "shift_days": shift_days(dataset.first_day),
            "loaded_first": datetime.now(UTC).date().isoformat(),
        }
        door.renew()
    company_id = state["company_id"]
    state["listings"] = {one.external_id: make_id(company_id, one.external_id) for one in dataset.listings}
    write_state(data_dir, state)
    return state


def imports(dataset, state, data_dir):
    """Runs both imports; their summaries. The files go when all their lines were taken."""
    work = Path(data_dir) / "realdata"
    work.mkdir(exist_ok=True)
    summaries = {}
    parts = [("events", event_lines(dataset, state))]
    if dataset.reviews:
        parts.append(("rating", review_lines(dataset, state)))
    for daemon, lines in parts:
        path = work / f"{dataset.name}-{daemon}.ndjson"
        write_lines(path, lines)
        summaries[daemon] = run_import(data_dir, daemon, path)
        print(f"{daemon} import: {json.dumps(summaries[daemon])}", flush=True)
        if not summaries[daemon]["rejected"]:
            path.unlink()
    return summaries


def load(dataset, gateway, data_dir):
    """Loads all of it; a summary. A second time it does no harm."""
    started = time.monotonic()
    door = door_of(gateway, data_dir)
    state = begin_state(door, dataset, data_dir)
    catalogue.ensure_type(door, dataset.type)
    catalogue.ensure_categories(door, dataset.categories)
    state["keys"], state["values"], made = catalogue.ensure_properties(door, dataset)
    write_state(data_dir, state)
    catalogue_seconds = time.monotonic() - started
    print(f"catalogue: {len(state['keys'])} properties, {made} of them new, {catalogue_seconds:.1f} s", flush=True)
    summaries = imports(dataset, state, data_dir)
    return {
        "name": dataset.name,
        "company_id": state["company_id"],
        "listings": len(dataset.listings),
        "bookings": sum(len(listing.busy) for listing in dataset.listings),
        "properties": len(state["keys"]),
        "left_out": dataset.left_out,
        "shift_days": state["shift_days"],
        "imports": summaries,
        "rejected": sum(summary["rejected"] for summary in summaries.values()),
        "catalogue_seconds": round(catalogue_seconds, 2),
        "seconds": round(time.monotonic() - started, 2),
    }
