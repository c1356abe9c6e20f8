// An SMSC that is not ours, on node-smpp: takes orders as JSON lines, tells what it sees as JSON lines.
//
//   {"deliver": {...fields of deliver_sm, short_message in hex...}}   -> {"delivered": status}
//   {"enquire": true}                                                 -> {"enquired": status}
//   {"unbind": true}                                                  -> {"unbound": status}
//   and by itself: {"listening": port}, {"bound": {...}}, {"submitted": {...}}, {"closed": true}
"use strict";
const readline = require("readline");
const smpp = require("smpp");

const [systemId, password] = process.argv.slice(2);
const tell = (what) => process.stdout.write(JSON.stringify(what) + "\n");
let session = null;
let ids = 0;

const server = smpp.createServer({ debug: false }, (opened) => {
    opened.on("bind_transceiver", (pdu) => {
        if (pdu.system_id !== systemId || pdu.password !== password) {
            const status = pdu.system_id !== systemId ? smpp.ESME_RINVSYSID : smpp.ESME_RINVPASWD;
            opened.send(pdu.response({ command_status: status }));
            opened.close();
            return;
        }
        session = opened;
        opened.send(pdu.response({ system_id: "node-smpp" }));
        tell({ bound: { system_id: pdu.system_id, interface_version: pdu.interface_version } });
    });
    opened.on("submit_sm", (pdu) => {
        ids += 1;
        opened.send(pdu.response({ message_id: String(ids) }));
        tell({
            submitted: {
                source: pdu.source_addr,
                source_ton: pdu.source_addr_ton,
                dest: pdu.destination_addr,
                dest_ton: pdu.dest_addr_ton,
                data_coding: pdu.data_coding,
                registered_delivery: pdu.registered_delivery,
                validity: pdu.validity_period,
                reference: pdu.user_message_reference,
                text: pdu.short_message.message.toString(),
                parts: (pdu.short_message.udh || []).filter((element) => element[0] === 0).length,
            },
        });
    });
    opened.on("enquire_link", (pdu) => opened.send(pdu.response()));
    opened.on("unbind", (pdu) => {
        opened.send(pdu.response());
        opened.close();
    });
    opened.on("close", () => tell({ closed: true }));
    opened.on("error", (error) => tell({ error: error.message }));
});

server.listen(0, "127.0.0.1", () => tell({ listening: server.address().port }));

readline.createInterface({ input: process.stdin }).on("line", (line) => {
    const order = JSON.parse(line);
    if (order.deliver) {
        const fields = { ...order.deliver, short_message: Buffer.from(order.deliver.short_message, "hex") };
        session.deliver_sm(fields, (answer) => tell({ delivered: answer.command_status }));
    } else if (order.enquire) {
        session.enquire_link({}, (answer) => tell({ enquired: answer.command_status }));
    } else if (order.unbind) {
        session.unbind({}, (answer) => tell({ unbound: answer.command_status }));
    }
});
