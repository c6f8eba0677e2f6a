"""The lab switch: a software model of one FreeSWITCH node, for trying, demos and tests. No audio, no SIP sockets.

It speaks the real event-socket protocol both ways, asks the same mod_xml_curl questions and posts the same
mod_json_cdr records as FreeSWITCH 1.10.12, so that nothing else in the system can tell the difference.

Nouns: a `LabSwitch` is the node; a `Channel` is FreeSWITCH's; a `LabPhone` or `LabCarrier` is a party outside; a
`LabCall` is one dialog as that party sees it; a *behaviour* says what a party does when it rings.

In process::

    async with LabSwitch(LabSettings(xml_curl_url=…, cdr_url=…)) as lab:
        alice, bob = LabPhone("1001", "acme.test", "secret"), LabPhone("1002", "acme.test", "secret", Answer(after=0.1))
        await lab.register(alice), await lab.register(bob)
        call = await alice.call("1002").answered()
        call.hang_up()
        assert await call.ended() == "NORMAL_CLEARING"

From another process: ``api lab {"do": …}`` on the event socket; `apps.switching.lab.remote` lists what can be done.
On its own: ``python -m apps.switching.lab --help``.
"""
