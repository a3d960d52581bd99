"""Frames of VTK readers: captured at real ones, printed by the vendor, or composed from the protocol's rules
(docs/protocols/vtk.md#golden-frames)."""

from __future__ import annotations

from typing import NamedTuple

from drivers.terminal.vtk.frames import KIOSK, READER


class Vector(NamedTuple):
    """A whole serial frame and what it says; fields in the order of the wire."""

    says: str
    sender: bytes
    frame: str
    fields: tuple[tuple[int, str], ...]


_RECEIPT = "RESULT:APPROVED\nRRN:633212345678\nAUTH ID:123456\nTERMINAL:25201221\nRESPONSE CODE:000"
_SALE = ((0x03, "42"), (0x04, "49900"))

VECTORS = (
    Vector("IDL with the time", KIOSK, "1F001D96FB010349444C11143230323630313237543038343035332B30333030977E",
           ((0x11, "20260127T084053+0300"),)),
    Vector("IDL asks for the status", KIOSK,
           "1F002596FB010349444C11143230323630313232543132333930302B3033303012065354415455532349",
           ((0x11, "20260122T123900+0300"), (0x12, "STATUS"))),
    Vector("IDL to a real reader", KIOSK, "1F001D96FB010349444C11143230323630393135543036323034352B30333030E1A2",
           ((0x11, "20260915T062045+0300"),)),
    Vector("its answer, operation 0", READER, "1F000A97FB010349444C030130D90C", ((0x03, "0"),)),
    Vector("IDL with eight zeros", KIOSK, "1F001196FB010349444C0308303030303030303010F8", ((0x03, "00000000"),)),
    Vector("answer with an event number", READER, "1F001297FB010349444C030130060331323008013067C6",
           ((0x03, "0"), (0x06, "120"), (0x08, "0"))),
    Vector("answer with keepalive and timeout", READER, "1F001397FB010349444C03013005023130060331323044C5",
           ((0x03, "0"), (0x05, "10"), (0x06, "120"))),
    Vector("DIS", KIOSK, "1F000A96FB01034449530301301639", ((0x03, "0"),)),
    Vector("answer to DIS", READER, "1F001397FB0103444953030130050231300603313230EC87",
           ((0x03, "0"), (0x05, "10"), (0x06, "120"))),
    Vector("a sale of 1.00", KIOSK, "1F000F96FB010356525003013104033130301F46", ((0x03, "1"), (0x04, "100"))),
    Vector("declined", READER, "1F000D97FB010356525003013104013072BD", ((0x03, "1"), (0x04, "0"))),
    Vector("DSC of the reader", READER, "1F000A97FB01034453430B0100BFDD", ((0x0B, "\0"),)),
    Vector("DSC of the kiosk", KIOSK, "1F000A96FB01034453430B0100D098", ((0x0B, "\0"),)),
    Vector("IDL with an event", KIOSK,
           "1F002696FB010349444C0801310705435341505009033132330F08D09AD09ED0A4D095040439303030C1CB",
           ((0x08, "1"), (0x07, "CSAPP"), (0x09, "123"), (0x0F, "КОФЕ"), (0x04, "9000"))),
    Vector("a bare IDL", KIOSK, "1F000796FB010349444C714E", ()),
    Vector("a bare DIS", KIOSK, "1F000796FB0103444953A69D", ()),
    Vector("ABR", KIOSK, "1F000796FB010341425281B6", ()),
    Vector("STA", READER, "1F000797FB01035354419F53", ()),
    Vector("IDL answer of operation 41", READER, "1F001497FB010349444C030234310502313006033132305E0F",
           ((0x03, "41"), (0x05, "10"), (0x06, "120"))),
    Vector("a sale of 499.00", KIOSK, "1F001296FB01035652500302343204053439393030DCA5", _SALE),
    Vector("the same with a product", KIOSK,
           "1F002596FB010356525003023432040534393930300901370F0ED097D0B0D0BAD0B0D0B720313031342B",
           (*_SALE, (0x09, "7"), (0x0F, "Заказ 101"))),
    Vector("approved", READER, "1F001297FB010356525003023432040534393930302C94", _SALE),
    Vector("declined, operation 42", READER, "1F000E97FB0103565250030234320401300D30", ((0x03, "42"), (0x04, "0"))),
    Vector("approved with a slip", READER,
           "1F006797FB010356525003023432040534393930301353524553554C543A415050524F5645440A52524E3A3633333231323334353637"
           "380A415554482049443A3132333435360A5445524D494E414C3A32353230313232310A524553504F4E534520434F44453A3030300614",
           (*_SALE, (0x13, _RECEIPT))),
    Vector("FIN of 499.00", KIOSK, "1F001296FB010346494E0302343204053439393030EFDF", _SALE),
    Vector("its answer", READER, "1F001297FB010346494E03023432040534393930301FEE", _SALE),
    Vector("FIN of nothing", KIOSK, "1F000E96FB010346494E030234320401301627", ((0x03, "42"), (0x04, "0"))),
    Vector("its answer of nothing", READER, "1F000E97FB010346494E030234320401306D46", ((0x03, "42"), (0x04, "0"))),
    Vector("a sale of 70.00", KIOSK, "1F001196FB0103565250030233300404373030308781", ((0x03, "30"), (0x04, "7000"))),
    Vector("FIN with leading zeros", KIOSK,
           "1F001B96FB010346494E0308303030303030333004083030303037303030FEB4",
           ((0x03, "00000030"), (0x04, "00007000"))),
)  # fmt: skip
#: Connections of the reader through the kiosk: place, IPv4 address, port, state, window.
CONNECT = (
    Vector("CON of the reader", READER, "1F001397FB0103434F4E0B0A00B23EBE8CCA5B0000003D65", ()),
    Vector("CON of the kiosk: established", KIOSK, "1F001396FB0103434F4E0B0A00B23EBE8CCA5B010000D44A", ()),
)
#: The same sale over TCP: no start and no CRC.
SALE_OVER_TCP = "001296FB01035652500302343204053439393030"
#: Of the vendor's papers: the CRC is right, a length byte is missing; and one whose CRC is misprinted.
CRC_ALONE = "1F000F96FB01035652500301350439393030F404"
MISPRINTED, ITS_CRC = "1F001297FB010349444C0301310603313230080131", "9CC4"
