// Joins a channel as a bot and says what it heard: `{"event":"listening"}` once it can hear, one JSON report at the end.
import { parseArgs } from 'node:util';

import { enter, listen } from './ear.mjs';
import { TOKENS, login } from './sandbox.mjs';

const { values } = parseArgs({
  options: {
    guild: { type: 'string', default: 'Lounge' },
    channel: { type: 'string', default: 'Stage' },
    seconds: { type: 'string', default: '60' },
    'until-silent': { type: 'string', default: '1500' },
  },
});

const client = await login(TOKENS[1]);
const connection = await enter(client, values.guild, values.channel);
console.log(JSON.stringify({ event: 'listening', user_id: client.user.id }));
const speakers = await listen(connection, {
  untilSilentMs: Number(values['until-silent']),
  limitMs: 1000 * Number(values.seconds),
});
console.log(JSON.stringify({ speakers }));
connection.destroy();
await client.destroy();
