#include "ui/card-words.h"

#include <glib/gi18n.h>

#include "client/card-official.h"

static const struct
{
  const char *sentence;
  const char *remedy;
} words[CANTIGA_N_CARD_STATES] = {
  [CANTIGA_CARD_STATE_NO_MODULE] = { N_ ("There is no program for cards here."), N_ ("Install OpenSC, or the card's own program.") },
  [CANTIGA_CARD_STATE_NO_SERVICE] = { N_ ("Smart cards are off on this computer."), N_ ("Start the card service.") },
  [CANTIGA_CARD_STATE_NOT_AUTHORISED] = { N_ ("You may not use the reader."), N_ ("Sign in at this computer's own screen.") },
  [CANTIGA_CARD_STATE_NO_READER] = { N_ ("No reader."), N_ ("Plug one in.") },
  [CANTIGA_CARD_STATE_NO_CARD] = { N_ ("Put the card in the reader, chip first."), "" },
  [CANTIGA_CARD_STATE_UNSUPPORTED] = { N_ ("This card needs Autenticação.gov."), N_ ("Install it, then put the card in again.") },
  [CANTIGA_CARD_STATE_CERTIFICATE_INVALID] = { N_ ("This card's certificate is not valid now."), N_ ("Renew the card, or use another one.") },
  [CANTIGA_CARD_STATE_PIN_WANTED] = { N_ ("Authentication PIN"), "" },
  [CANTIGA_CARD_STATE_LAST_TRY] = { N_ ("Last try for the PIN."), N_ ("A wrong PIN now blocks it.") },
  [CANTIGA_CARD_STATE_BLOCKED] = { N_ ("The PIN is blocked."), N_ ("Unblock it with the PUK.") },
  [CANTIGA_CARD_STATE_PIN_WRONG] = { N_ ("Wrong PIN."), N_ ("Type it again.") },
  [CANTIGA_CARD_STATE_REMOVED] = { N_ ("The card was taken out."), N_ ("Put it back to go on.") },
  [CANTIGA_CARD_STATE_OTHER_CARD] = { N_ ("This is another card."), N_ ("Put the first one back to go on.") },
  [CANTIGA_CARD_STATE_SILENT] = { N_ ("The card does not answer."), N_ ("Take it out and put it back.") },
  [CANTIGA_CARD_STATE_CRASHED] = { N_ ("The program that speaks to the card broke off."), N_ ("Start over.") },
  [CANTIGA_CARD_STATE_READY] = { N_ ("The card is ready."), "" },
};

const char *
cantiga_card_words_get_sentence (CantigaCardState state)
{
  return _ (words[state].sentence);
}

static gboolean
is_official_here (void)
{
  g_autofree char *path = cantiga_card_official_dup_path ();

  return path != NULL;
}

const char *
cantiga_card_words_get_remedy (CantigaCardState state)
{
  if (state == CANTIGA_CARD_STATE_UNSUPPORTED && is_official_here ())
    return _ ("It is installed: let Cantiga use it.");
  /* gettext has its own answer to the empty text. */
  return words[state].remedy[0] != '\0' ? _ (words[state].remedy) : "";
}
