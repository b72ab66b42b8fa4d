"""A real RTSP server (GStreamer's) in a process of its own, to start, stop, stall and kill.

Run by the system's Python, whose packages hold GStreamer's bindings:
`/usr/bin/python3 rtsp.py PORT [--user NAME --password WORD] [--change SECONDS]`
serves `/cam` (H.264, 320x240, 15 frames/s, a key frame each second) and prints `ready PORT`.
"""

import argparse
import sys

SOURCE = "videotestsrc is-live=true pattern=ball"
ENCODE = "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=15 bitrate=300"
PAY = "rtph264pay name=pay0 pt=96 config-interval=-1"
ELEMENTS = ("videotestsrc", "videoscale", "x264enc", "rtph264pay", "rtpbin", "udpsink")
SIZE = "video/x-raw,width={width},height={height},framerate=15/1"


def main() -> None:
    """Serve until killed."""
    import gi  # noqa: PLC0415 - the tests import this file where there is no gi

    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import GLib, Gst, GstRtspServer  # noqa: PLC0415 - after require_version

    options = argparse.ArgumentParser()
    options.add_argument("port", nargs="?", default="0")
    options.add_argument("--check", action="store_true", help="only see whether all is installed")
    options.add_argument("--user")
    options.add_argument("--password")
    options.add_argument("--change", type=float)
    given = options.parse_args()

    Gst.init(None)
    absent = [name for name in ELEMENTS if Gst.ElementFactory.find(name) is None]
    if absent:
        sys.exit(f"GStreamer lacks {', '.join(absent)}")
    if given.check:
        return
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(given.port)
    factory = GstRtspServer.RTSPMediaFactory()
    small = SIZE.format(width=320, height=240)
    factory.set_launch(
        f"( {SOURCE} ! videoscale ! capsfilter name=size caps={small} ! {ENCODE} ! {PAY} )"
    )
    factory.set_shared(True)

    def change(media: GstRtspServer.RTSPMedia) -> bool:
        caps = Gst.Caps.from_string(SIZE.format(width=640, height=480))
        media.get_element().get_by_name("size").set_property("caps", caps)
        return False

    def configured(_factory: object, media: GstRtspServer.RTSPMedia) -> None:
        if given.change is not None:
            GLib.timeout_add(int(given.change * 1000), change, media)

    factory.connect("media-configure", configured)
    if given.user is not None:
        auth = GstRtspServer.RTSPAuth()
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", "viewer")
        basic = GstRtspServer.RTSPAuth.make_basic(given.user, given.password)
        auth.add_basic(basic, token)
        server.set_auth(auth)
        permissions = GstRtspServer.RTSPPermissions()
        permissions.add_permission_for_role("viewer", "media.factory.access", True)  # noqa: FBT003 - GStreamer's signature
        permissions.add_permission_for_role("viewer", "media.factory.construct", True)  # noqa: FBT003 - the same
        factory.set_permissions(permissions)
    server.get_mount_points().add_factory("/cam", factory)
    server.attach(None)
    sys.stdout.write(f"ready {server.get_bound_port()}\n")
    sys.stdout.flush()
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
