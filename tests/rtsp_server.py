"""An RTSP server of GStreamer, by the system's Python: `rtsp_server.py PORT` serves /test, moving pictures of 320 x 240 at 15 Hz."""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service(sys.argv[1])
factory = GstRtspServer.RTSPMediaFactory()
# RTP carries JPEG of 4:2:0 or 4:2:2 only (RFC 2435).
pictures = "video/x-raw,format=I420,width=320,height=240,framerate=15/1"
factory.set_launch(f"( videotestsrc is-live=true pattern=ball ! {pictures} ! jpegenc ! rtpjpegpay name=pay0 )")
factory.set_shared(True)
server.get_mount_points().add_factory("/test", factory)
server.attach(None)
GLib.MainLoop().run()
