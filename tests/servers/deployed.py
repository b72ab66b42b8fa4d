"""A centre and a site's leaf, of real NATS servers, as `plainview deploy nats` has them."""

from pathlib import Path

from tests.servers.nats import NatsServer
from tests.servers.receivers import free_port

from plainview.app.deploy import Deployed, deploy_nats

CAMERA = """\
source = "clips/north.mp4"
frame_rate = 7
[calibration]
image_size = [480, 360]
projection = [
  [16.288503236408854, -13.824256163102453, -2.5412711789517433, 219.91750790089145],
  [-1.5264807257596984, 0.19061266080179512, -21.29036760489315, 110.23023540636851],
  [0.022333645764138335, 0.015339661641563165, -0.007464170447424424, 1.0],
]
[area]
polygon = [[-8.0, 6.0], [-21.0, -9.0], [-16.5, -16.5], [9.5, -9.5], [10.0, -4.0]]
"""
SITE = """
[[sites]]
id = "{0}"
district = "Old Town"
location = [8.5, 47.3]
cameras = [{{ file = "camera.toml", id = "{0}-1" }}]
"""
SITES = ("plaza", "quay")


def deploy(folder: Path, servers: str) -> Deployed:
    """A city of two sites, deployed to `servers`."""
    folder.mkdir(exist_ok=True)
    (folder / "camera.toml").write_text('id = "one"\n' + CAMERA)
    (folder / "city.toml").write_text("".join(SITE.format(site) for site in SITES))
    return deploy_nats(folder / "city.toml", folder / "out", servers=servers)


class City:
    """Owns a centre of one server and the leaf of one site, both as they were deployed."""

    def __init__(
        self,
        folder: Path,
        city: Path | None = None,
        *,
        site: str = "plaza",
        reconnect: str = "100ms",
    ) -> None:
        """Start both, of a city of two sites or of the file `city`; the leaf is that of `site`.

        `reconnect`: how long the leaf waits between attempts; as it is deployed, 1s.
        """
        port = free_port()
        servers = f"127.0.0.1:{port}"
        if city is None:
            deployed = deploy(folder, servers)
        else:
            deployed = deploy_nats(city, folder / "out", servers=servers)
        self.out = deployed.folder
        self.centre = NatsServer(
            self.out / "centre" / f"127.0.0.1-{port}", "server.conf", port=port
        )
        keys = self.out / "keys"
        self.centre_url = f"tls://127.0.0.1:{port}?ca={keys / 'ca.pem'}&linger=0.01"
        self.intake_url = f"{self.centre_url}&creds={keys / 'intake.seed'}"
        self.seed = self.out / "sites" / site / "site.seed"
        self.leaf = started_leaf(self.seed.parent, reconnect)
        url = deployed.sites[site].replace(":4222", f":{self.leaf.port}")
        url = url.replace("site.seed", str(self.seed))
        self.site_url = f"{url.replace('leaf=10GB', 'leaf=4MB')}&linger=0.01"

    def close(self) -> None:
        """Kill both."""
        self.leaf.remove()
        self.centre.remove()


def started_leaf(folder: Path, reconnect: str) -> NatsServer:
    """The leaf server of `folder`, on a port of its own, that tries again after `reconnect`."""
    port = free_port()
    config = (folder / "leaf.conf").read_text()
    config = config.replace("127.0.0.1:4222", f"127.0.0.1:{port}").replace('"1s"', f'"{reconnect}"')
    (folder / "test.conf").write_text(config)
    return NatsServer(folder, "test.conf", port=port)
