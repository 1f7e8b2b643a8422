#!/usr/bin/python3
"""An RTSP server for tests: a moving picture as JPEG at rtsp://127.0.0.1:PORT/stream, 160x120, 25 a second.

    rtsp_server.py PORT [LOST]      PORT 0: any; each LOSTth packet is lost on the way, 0: none

Prints its port once it listens; ends with its standard input. Debian: python3-gi gir1.2-gst-rtsp-server-1.0
gstreamer1.0-plugins-base gstreamer1.0-plugins-good. Ends with 77 where they are not there.
"""
import sys

try:
    import gi
    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import GLib, Gst, GstRtspServer
except (ImportError, ValueError) as missing:
    print(missing, file=sys.stderr)
    sys.exit(77)

Gst.init(None)
for name in ("videotestsrc", "jpegenc", "rtpjpegpay"):
    if Gst.ElementFactory.find(name) is None:
        print(f"GStreamer has no {name}", file=sys.stderr)
        sys.exit(77)

lost = int(sys.argv[2]) if len(sys.argv) > 2 else 0
packets = 0


def lose(pad, info):
    """Passes on all packets of a frame but each `lost`th."""
    global packets
    frame = info.get_buffer_list()
    for i in range(frame.length()):
        packets += 1
        if packets % lost != 0:
            pad.push(frame.get(i))
    return Gst.PadProbeReturn.DROP


def configure(_, media):
    if lost > 0:
        pad = media.get_element().get_by_name("pay0").get_static_pad("src")
        pad.add_probe(Gst.PadProbeType.BUFFER_LIST, lose)


server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service(sys.argv[1])
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch("( videotestsrc is-live=true pattern=ball ! video/x-raw,format=I420,width=160,height=120,framerate=25/1 ! "
                   "jpegenc ! rtpjpegpay name=pay0 mtu=600 )")
factory.connect("media-configure", configure)
factory.set_shared(True)
server.get_mount_points().add_factory("/stream", factory)
if server.attach(None) == 0:
    sys.exit("the port is taken")
print(server.get_bound_port(), flush=True)
loop = GLib.MainLoop()
GLib.io_add_watch(sys.stdin.fileno(), GLib.PRIORITY_DEFAULT, GLib.IOCondition.HUP | GLib.IOCondition.IN,
                  lambda *_: loop.quit())
loop.run()
