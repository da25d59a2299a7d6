#!/usr/bin/env python3
"""Prints the demo accounts of a data directory and three calls to try: tell.py DATA_DIR GATEWAY"""

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path


def call(gateway, method, params, token=""):
    """A call as a command line for a shell."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
    header = f' -H "Authorization: Bearer {token}"' if token else ""
    return f"curl -s {gateway}/rpc -H 'Content-Type: application/json'{header} -d '{body}'"


def main():
    data_dir, gateway = Path(sys.argv[1]), sys.argv[2]
    who = json.loads((data_dir / "admin.json").read_text())
    demo = data_dir / "demo.json"
    accounts = json.loads(demo.read_text()).get("accounts", []) if demo.exists() else []
    if accounts:
        print("demo accounts:")
        for account in accounts[:8]:
            print(f"  {account['email']:36} {account['password']:20} {account.get('what', '')}")
        who = accounts[0]
    start = (datetime.now(UTC) + timedelta(days=7)).replace(hour=10, minute=0, second=0, microsecond=0)
    period = {"from": f"{start:%Y-%m-%dT%H:%M:%SZ}", "to": f"{start + timedelta(hours=8):%Y-%m-%dT%H:%M:%SZ}"}
    login = call(gateway, "passport.auth.login", {"email": who["email"], "password": who["password"]})
    if not accounts:
        login = login.replace(who["password"], "PASSWORD")
    print("\nthree calls to try:")
    print("  # what is free in a week, for fifty people")
    print("  " + call(gateway, "events.listing.search", {"period": period, "capacity": {"from": 50}, "limit": 3}))
    print("  # log in, and keep the token")
    print(f'  TOKEN=$({login} | python3 -c \'import json,sys; print(json.load(sys.stdin)["result"]["access_token"])\')')
    print("  # who am I")
    print("  " + call(gateway, "passport.user.me", {}, "$TOKEN"))


if __name__ == "__main__":
    main()
