// discord.js logs in, is driven by a member, and gets through every way in which Discord ends a connection.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import {
  ActionRowBuilder,
  ApplicationCommandOptionType,
  ButtonBuilder,
  ButtonStyle,
  SimpleShardingStrategy,
} from 'discord.js';

import { TOKENS, breakGateway, guildOf, login, next, press, say } from './sandbox.mjs';

const COMPOSERS = ['Bach', 'Bartók', 'Brahms'];
const GREET = {
  name: 'greet',
  description: 'Greets a composer',
  options: [
    {
      name: 'composer',
      description: 'Who is greeted',
      type: ApplicationCommandOptionType.String,
      required: true,
      autocomplete: true,
    },
  ],
};

/** Answers /greet by deferring, editing and following up; its button by an update. */
async function answer(interaction) {
  if (interaction.isAutocomplete()) {
    const typed = interaction.options.getFocused().toLowerCase();
    const fitting = COMPOSERS.filter((name) => name.toLowerCase().startsWith(typed));
    await interaction.respond(fitting.map((name) => ({ name, value: name.toLowerCase() })));
  } else if (interaction.isChatInputCommand()) {
    await interaction.deferReply();
    const button = new ButtonBuilder().setCustomId('wave').setLabel('Wave').setStyle(ButtonStyle.Primary);
    await interaction.editReply({
      content: `Hello ${interaction.options.getString('composer')}`,
      components: [new ActionRowBuilder().addComponents(button)],
    });
    await interaction.followUp('How are you?');
  } else if (interaction.isButton()) {
    await interaction.update({ content: `${interaction.user.username} waves`, components: [] });
  }
}

/** discord.js compresses whenever it finds zlib-sync; this is how it does without. */
const uncompressed = {
  buildStrategy: (manager) => {
    manager.options.compression = null;
    return new SimpleShardingStrategy(manager);
  },
};

/** A client that answers, and what went wrong while it did. */
async function answering(options) {
  const client = await login(TOKENS[0], options);
  const problems = [];
  client.on('interactionCreate', (interaction) => answer(interaction).catch((error) => problems.push(error)));
  client.on('error', (error) => problems.push(error));
  await client.application.commands.set([GREET]);
  return { client, problems };
}

async function greets() {
  const answered = await say('/greet composer:bach');
  assert.match(answered.text, /Hello bach/);
}

describe('discord.js with one shard', () => {
  let client, problems;
  before(async () => ({ client, problems } = await answering({ ws: uncompressed })));
  after(() => client.destroy());

  test('sees both guilds, with their channels and itself in them', () => {
    for (const name of ['Lounge', 'Garage']) {
      const guild = guildOf(client, name);
      assert.ok(guild?.available, `${name} is available`);
      assert.equal(guild.members.me.id, client.user.id);
      assert.deepEqual(['general', 'Stage'].filter((wanted) => !guild.channels.cache.some((c) => c.name === wanted)), []);
    }
  });

  test('registers a command and reads it back', async () => {
    const commands = await client.application.commands.fetch();
    const [greet] = [...commands.values()];
    assert.equal(commands.size, 1);
    assert.equal(greet.name, 'greet');
    assert.equal(greet.options[0].autocomplete, true);
  });

  test('completes what a member types', async () => {
    const { choices } = await say('/greet composer:ba', { complete: true });
    assert.deepEqual(choices.map((choice) => choice.name), ['Bach', 'Bartók']);
  });

  test('defers, edits and follows up, and its button updates the message', async () => {
    const followUp = next(client, 'messageCreate', { wanted: (message) => message.content === 'How are you?' });
    const answered = await say('/greet composer:bach');
    assert.equal(answered.deferred, true);
    assert.equal(answered.message.content, 'Hello bach');
    assert.equal(answered.message.components.length, 1);
    await followUp;
    const pressed = await press('wave');
    assert.equal(pressed.message.id, answered.message.id);
    assert.equal(pressed.message.content, 'alice waves');
    assert.deepEqual(pressed.message.components, []);
  });

  for (const [what, fault] of [
    ['op 7', { action: 'reconnect' }],
    ['close code 4000', { action: 'close', code: 4000 }],
  ]) {
    test(`resumes after ${what} and still answers`, async () => {
      const identified = [];
      const remember = (...shard) => identified.push(shard);
      client.on('shardReady', remember);
      const resumed = next(client, 'shardResume');
      await breakGateway(client, fault);
      const [shard] = await resumed;
      assert.equal(shard, 0);
      await greets();
      client.off('shardReady', remember);
      assert.deepEqual(identified, [], 'a resumed session is not identified again');
    });
  }

  test('identifies again after op 9 with false and still answers', async () => {
    const ready = next(client, 'shardReady', { ms: 30_000 });
    await breakGateway(client, { action: 'invalid_session', resumable: false });
    await ready;
    await greets();
  });

  test('met no error on the way', () => assert.deepEqual(problems, []));
});

describe('discord.js with zlib-stream', () => {
  let client, problems;
  before(async () => ({ client, problems } = await answering()));
  after(() => client.destroy());

  test('reads a compressed gateway, also after a resume', async () => {
    await greets();
    const debugged = [];
    client.on('debug', (line) => debugged.push(line));
    const resumed = next(client, 'shardResume');
    await breakGateway(client, { action: 'reconnect' });
    await resumed;
    assert.ok(debugged.some((line) => line.includes('compress=zlib-stream')), 'it asks for compression');
    await greets();
    assert.deepEqual(problems, []);
  });
});

describe('discord.js with two shards', () => {
  let client, problems;
  before(async () => ({ client, problems } = await answering({ shards: [0, 1], shardCount: 2 })));
  after(() => client.destroy());

  test('each guild arrives on its own shard and is answered there', async () => {
    assert.deepEqual([...client.ws.shards.keys()], [0, 1]);
    for (const name of ['Lounge', 'Garage']) {
      const guild = guildOf(client, name);
      assert.ok(guild?.available, `${name} is available`);
      assert.equal(guild.shardId, Number((BigInt(guild.id) >> 22n) % 2n));
      const answered = await say('/greet composer:brahms', { guild: name });
      assert.match(answered.text, /Hello brahms/);
    }
    assert.deepEqual(problems, []);
  });
});
