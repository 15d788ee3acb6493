"""A bot on python-telegram-bot. Runs in `.venv-peers`, not in ours.

    python telegram_ptb.py http://127.0.0.1:PORT TOKEN

It answers each text with `pong`, each photo with its own bytes and a caption, and prints
one line for whatever it sees, errors included.
"""

# The library is not in the environment that mypy sees.
# mypy: disable-error-code="import-not-found"

import sys

from telegram import Update
from telegram.error import ChatMigrated, Conflict, Forbidden, RetryAfter
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    ChatMemberHandler,
    ContextTypes,
    MessageHandler,
    MessageReactionHandler,
    filters,
)

url, token = sys.argv[1:]


def tell(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


async def connected(application: Application) -> None:
    me = await application.bot.get_me()
    tell("CONNECTED", me.id, me.username)


async def text(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
    message = update.effective_message
    tell("HEARD", message.chat.type, message.from_user.id, message.text)
    sent = await message.reply_text(f"pong {message.text}", do_quote=True)
    tell("SENT", sent.message_id, sent.text)


async def photo(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
    message = update.effective_message
    file = await message.photo[-1].get_file()
    data = bytes(await file.download_as_bytearray())
    tell("GOT", len(data), message.caption)
    await message.reply_photo(data, caption="back", filename="back.png")


async def reaction(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
    tell("REACTED", update.message_reaction.new_reaction[0].emoji)


async def member(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
    tell("MEMBER", update.chat_member.new_chat_member.status)


async def button(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
    await update.callback_query.answer("ok")
    tell("PRESSED", update.callback_query.data)


async def failed(_: object, context: ContextTypes.DEFAULT_TYPE) -> None:
    match context.error:
        case RetryAfter() as error:
            tell("RETRY", error.retry_after)
        case ChatMigrated() as error:
            tell("MIGRATED", error.new_chat_id)
        case Forbidden() as error:
            tell("FORBIDDEN", error.message)
        case Conflict():
            tell("CONFLICT")
        case error:
            tell("ERROR", repr(error))


application = (
    Application.builder()
    .token(token)
    .base_url(f"{url}/bot")
    .base_file_url(f"{url}/file/bot")
    .post_init(connected)
    .build()
)
application.add_handler(MessageHandler(filters.TEXT, text))
application.add_handler(MessageHandler(filters.PHOTO, photo))
application.add_handler(MessageReactionHandler(reaction))
application.add_handler(ChatMemberHandler(member, ChatMemberHandler.CHAT_MEMBER))
application.add_handler(CallbackQueryHandler(button))
application.add_error_handler(failed)
application.run_polling(allowed_updates=Update.ALL_TYPES, poll_interval=0.0, timeout=5)
