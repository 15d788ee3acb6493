// A bot on grammY. Runs with node and the packages of `.venv-peers/node`.
//
//     node telegram_grammy.mjs http://127.0.0.1:PORT TOKEN [WEBHOOK-PORT SECRET]
//
// It answers each text with `pong`, each photo with bytes of its own, and prints one line
// for whatever it sees. With a port it takes updates as a webhook instead of polling.
import { createServer } from "node:http";
import { createRequire } from "node:module";

const load = createRequire(process.env.PEERS_NODE + "/");
const { Bot, GrammyError, InputFile, webhookCallback } = load("grammy");
const [url, token, port, secret] = process.argv.slice(2);
const tell = (...words) => console.log(words.join(" "));
const bot = new Bot(token, { client: { apiRoot: url } });

bot.on("message:text", async (ctx) => {
  tell("HEARD", ctx.chat.type, ctx.from.id, ctx.message.text);
  const sent = await ctx.reply(`pong ${ctx.message.text}`);
  tell("SENT", sent.message_id, sent.text);
});
bot.on("message:photo", async (ctx) => {
  const file = await ctx.getFile();
  tell("FILE", file.file_path);
  await ctx.replyWithPhoto(new InputFile(Buffer.from("89504e47", "hex"), "x.png"));
});
bot.on("message_reaction", (ctx) => tell("REACTED", ctx.messageReaction.new_reaction[0].emoji));
bot.catch(({ error }) => {
  if (error instanceof GrammyError) {
    tell("FAILED", error.error_code, JSON.stringify(error.parameters));
  } else tell("ERROR", error);
});

if (port === undefined) {
  const allowed = ["message", "message_reaction"];
  bot
    .start({ timeout: 5, allowed_updates: allowed, onStart: (me) => tell("CONNECTED", me.id) })
    .catch((error) => tell("ENDED", error.error_code));
} else {
  const take = webhookCallback(bot, "http", { secretToken: secret });
  createServer(take).listen(Number(port), "127.0.0.1", async () => {
    const hook = `http://127.0.0.1:${port}/`;
    await bot.api.setWebhook(hook, { secret_token: secret });
    tell("CONNECTED", (await bot.api.getWebhookInfo()).url);
  });
}
