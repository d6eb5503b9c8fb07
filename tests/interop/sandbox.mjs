// How the tests act as members of the sandbox's guilds and break its connections. The runner sets the environment.
import { Client, GatewayIntentBits } from 'discord.js';

export const TOKENS = ['sandbox.token.1', 'sandbox.token.2'];
const { SANDBOX_API_URL, SANDBOX_URL } = process.env;

/** One call of the control API (sandbox/README.md); its JSON answer. */
export async function control(path, body) {
  const answer = await fetch(SANDBOX_URL + path, {
    method: body ? 'POST' : 'GET',
    headers: { 'Content-Type': 'application/json' },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  });
  const found = await answer.json();
  if (!answer.ok) throw new Error(`${path}: ${found.error}`);
  return found;
}

/** Alice uses a command, or types half of one; what the bot answered. */
export const say = (text, options = {}) =>
  control('/interactions/command', { guild: 'Lounge', as: 'alice', text, ...options });
/** Alice presses the button of the newest message that has it. */
export const press = (target) => control('/interactions/component', { guild: 'Lounge', as: 'alice', target });

async function hitOne(path, fault) {
  const { hit } = await control(path, fault);
  if (hit !== 1) throw new Error(`${path} hit ${hit} connections instead of one`);
}
export const breakGateway = (client, fault) => hitOne('/faults/gateway', { bot: client.user.username, ...fault });
export const breakVoice = (client, guild, code) =>
  hitOne('/faults/voice', { guild, user: client.user.username, code });

/** The promise's value, or an error that says what did not happen in time. */
export async function within(ms, what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The arguments of the emitter's next `name` event for which `wanted` holds. */
export function next(emitter, name, { ms = 15_000, wanted = () => true } = {}) {
  let listener;
  const happened = new Promise((resolve) => {
    listener = (...values) => wanted(...values) && resolve(values);
    emitter.on(name, listener);
  });
  return within(ms, name, happened).finally(() => emitter.off(name, listener));
}

/** A discord.js client that is ready: all its guilds have arrived. */
export async function login(token, options = {}) {
  const intents = [GatewayIntentBits.Guilds, GatewayIntentBits.GuildMessages, GatewayIntentBits.GuildVoiceStates];
  const client = new Client({ intents, rest: { api: SANDBOX_API_URL, version: '10' }, ...options });
  const ready = next(client, 'clientReady', { ms: 30_000 });
  await Promise.all([client.login(token), ready]);
  return client;
}

export const guildOf = (client, name) => client.guilds.cache.find((guild) => guild.name === name);
export const channelOf = (guild, name) => guild.channels.cache.find((channel) => channel.name === name);
