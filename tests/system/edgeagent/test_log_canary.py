"""What an agent logs while all of its logins fail: names, addresses, reasons; never a password, as text or JSON."""

from __future__ import annotations

import base64

import pytest

from tests.cameras import camera
from tests.harness import until
from tests.ports import NOBODY
from tests.processes import AgentProcess

SECRETS = ("canary-hub-1x", "canary-camera-2x", "canary-url-3x", "canary'\"-file-4x")


def written_forms(secret):
    yield from (secret, secret.replace("'", "%27").replace('"', "%22"), base64.b64encode(secret.encode()).decode())
    yield base64.b64encode(f"admin:{secret}".encode()).decode()


@pytest.mark.parametrize("form", ["plain", "json"])
async def test_no_password_in_the_log_whatever_fails(tmp_path, form):
    async with camera(password="another-one") as gate:
        secret = tmp_path / "password"
        secret.write_text(SECRETS[3] + "\n")
        secret.chmod(0o600)
        devices = f"""
[device.gate]
driver = "onvif"
address = "127.0.0.1:{gate.port}"
username = "admin"
password = "{SECRETS[1]}"
[device.pond]
driver = "http_snapshot"
url = "http://127.0.0.1:{gate.port}/snapshot.jpg"
username = "admin"
password = "file:{secret}"
[device.yard]
driver = "http_snapshot"
url = "rtsp://127.0.0.1:1/stream?token={SECRETS[2]}"
username = "admin"
password = "{SECRETS[1]}"
"""
        agent = AgentProcess(tmp_path / "box", NOBODY, devices, hub=f'username = "box"\npassword = "{SECRETS[0]}"')
        agent.environment = {"LOG_FORMAT": form}
        with agent:
            await agent.until_running()

            async def states():
                return {device["id"]: device["state"] for device in (await agent.status())["devices"]}

            async def are_down():
                return set((await states()).values()) == {"down"}

            await until(are_down)
            await until(lambda: "refused" in agent.log)
            said = agent.log + str(await agent.status())
    assert "gate" in said
    shown = [form for secret in SECRETS for form in written_forms(secret) if form in said]
    assert [(said[max(0, said.find(form) - 200) :])[:230] for form in shown] == []
