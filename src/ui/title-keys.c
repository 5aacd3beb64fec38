#include "ui/title-keys.h"

#include <string.h>

typedef struct
{
  char *texts[CANTIGA_N_TITLE_KEYS]; /* NULL until asked for */
} Keys;

static void
keys_free (gpointer data)
{
  Keys *keys = data;

  for (guint i = 0; i < CANTIGA_N_TITLE_KEYS; i++)
    g_free (keys->texts[i]);
  g_free (keys);
}

char *
cantiga_title_keys_fold (const char *text)
{
  g_autofree char *apart = g_utf8_normalize (text, -1, G_NORMALIZE_ALL);
  g_autoptr (GString) plain = g_string_new (NULL);

  for (const char *at = apart; at != NULL && *at != '\0'; at = g_utf8_next_char (at))
    if (!g_unichar_ismark (g_utf8_get_char (at)))
      g_string_append_unichar (plain, g_utf8_get_char (at));
  return g_utf8_casefold (plain->str, -1);
}

static GQuark
get_quark (void)
{
  return g_quark_from_static_string ("cantiga-title-keys");
}

static void
changed_cb (GObject *title, GParamSpec *pspec)
{
  if (g_str_equal (pspec->name, "name") || g_str_equal (pspec->name, "artist") || g_str_equal (pspec->name, "album"))
    g_object_set_qdata (title, get_quark (), NULL);
}

static Keys *
get_keys (CantigaTitle *title)
{
  Keys *keys = g_object_get_qdata (G_OBJECT (title), get_quark ());

  if (keys != NULL)
    return keys;
  keys = g_new0 (Keys, 1);
  g_signal_handlers_disconnect_by_func (title, changed_cb, NULL);
  g_signal_connect (title, "notify", G_CALLBACK (changed_cb), NULL);
  g_object_set_qdata_full (G_OBJECT (title), get_quark (), keys, keys_free);
  return keys;
}

static char *
make_key (CantigaTitle *title, CantigaTitleKey key)
{
  g_autofree char *all = NULL;

  if (key == CANTIGA_TITLE_NAME)
    return g_utf8_collate_key (cantiga_title_get_name (title), -1);
  if (key == CANTIGA_TITLE_ARTIST)
    return g_utf8_collate_key (cantiga_title_get_artist (title), -1);
  if (key == CANTIGA_TITLE_ALBUM)
    return g_utf8_collate_key (cantiga_title_get_album (title), -1);
  all = g_strjoin ("\n", cantiga_title_get_name (title), cantiga_title_get_artist (title), cantiga_title_get_album (title), NULL);
  return cantiga_title_keys_fold (all);
}

const char *
cantiga_title_key (CantigaTitle *title, CantigaTitleKey key)
{
  Keys *keys = get_keys (title);

  if (keys->texts[key] == NULL)
    keys->texts[key] = make_key (title, key);
  return keys->texts[key];
}

GStrv
cantiga_title_keys_split (const char *text)
{
  g_autofree char *folded = cantiga_title_keys_fold (text);

  return g_strsplit_set (folded, " \t\n", -1);
}

gboolean
cantiga_title_keys_match (const char *folded, const char *const *words)
{
  for (; words != NULL && *words != NULL; words++)
    if (strstr (folded, *words) == NULL)
      return FALSE;
  return TRUE;
}
