#include "card/survey.h"

#include "card/service.h"

/* Where no certificate is found, the reader that came closest says why. */
static const CantigaCardState closer[] = {
  CANTIGA_CARD_STATE_NO_READER,   CANTIGA_CARD_STATE_NO_CARD, CANTIGA_CARD_STATE_CERTIFICATE_INVALID,
  CANTIGA_CARD_STATE_UNSUPPORTED, CANTIGA_CARD_STATE_SILENT,
};

static guint
closeness (CantigaCardState state)
{
  for (guint i = 0; i < G_N_ELEMENTS (closer); i++)
    if (closer[i] == state)
      return i;
  g_assert_not_reached ();
}

static void
note (CantigaSurvey *survey, CantigaCardState state)
{
  if (closeness (state) > closeness (survey->state))
    survey->state = state;
}

/* Tokens that are no cards (key stores of the desktop) are no readers either: only what can be taken out counts. */
static gboolean
slot_is_reader (const CK_SLOT_INFO *info)
{
  return (info->flags & (CKF_REMOVABLE_DEVICE | CKF_HW_SLOT)) != 0;
}

static CK_RV
survey_token (CantigaSurvey *survey, CantigaModule *module, CK_SLOT_ID slot, gboolean is_reader)
{
  guint before = survey->found->len;
  CK_TOKEN_INFO info = { 0 };
  CK_RV rv = module->functions->C_GetTokenInfo (slot, &info);

  if (rv != CKR_OK)
    return rv;
  /* SoftHSM always has one more slot, whose token waits to be made. */
  if ((info.flags & CKF_TOKEN_INITIALIZED) == 0)
    return is_reader ? CKR_TOKEN_NOT_PRESENT : CKR_OK;
  cantiga_module_check_kept (module, slot);
  rv = cantiga_found_read (module, slot, &info, survey->found);
  if (rv == CKR_OK && is_reader && survey->found->len == before)
    note (survey, CANTIGA_CARD_STATE_CERTIFICATE_INVALID);
  return rv;
}

static CK_RV
survey_slot (CantigaSurvey *survey, CantigaModule *module, CK_SLOT_ID slot)
{
  CK_SLOT_INFO info = { 0 };
  CK_RV rv = module->functions->C_GetSlotInfo (slot, &info);

  if (rv == CKR_OK)
    rv = (info.flags & CKF_TOKEN_PRESENT) != 0 ? survey_token (survey, module, slot, slot_is_reader (&info)) : CKR_TOKEN_NOT_PRESENT;
  if (rv == CKR_OK)
    return rv;
  cantiga_module_drop (module, slot);
  if (rv == CKR_TOKEN_NOT_RECOGNIZED)
    note (survey, CANTIGA_CARD_STATE_UNSUPPORTED);
  else if (!cantiga_rv_is_absence (rv))
    note (survey, CANTIGA_CARD_STATE_SILENT);
  else if (slot_is_reader (&info))
    note (survey, CANTIGA_CARD_STATE_NO_CARD);
  return rv;
}

/* P11KitIter would stop at the first slot that it cannot open. FALSE: the module lost its reader. */
static gboolean
survey_module (CantigaSurvey *survey, CantigaModule *module)
{
  g_autoptr (GArray) slots = NULL;
  gboolean whole = TRUE;

  if (cantiga_module_get_slots (module, &slots) != CKR_OK)
    return TRUE;
  for (guint i = 0; i < slots->len; i++)
    {
      CK_RV rv = survey_slot (survey, module, g_array_index (slots, CK_SLOT_ID, i));

      whole &= cantiga_rv_is_absence (rv) || !cantiga_rv_is_lost (rv);
    }
  return whole;
}

/* A module that lost its reader is started over, once. */
static void
survey_module_twice (CantigaSurvey *survey, CantigaModule *module)
{
  guint before = survey->found->len;
  CantigaCardState state = survey->state;

  if (survey_module (survey, module))
    return;
  g_ptr_array_set_size (survey->found, (gint)before);
  survey->state = state;
  cantiga_module_restart (module);
  survey_module (survey, module);
}

static gboolean
is_there (GPtrArray *found, GBytes *certificate)
{
  for (guint i = 0; i < found->len; i++)
    if (g_bytes_equal (((CantigaFound *)g_ptr_array_index (found, i))->certificate, certificate))
      return TRUE;
  return FALSE;
}

/* Two modules may show the same card, one module a card in several slots: p11-kit's order decides. */
static void
put_in_order (CantigaSurvey *survey)
{
  GPtrArray *ordered = g_ptr_array_new_with_free_func ((GDestroyNotify)cantiga_found_free);

  for (CantigaCardKind kind = 0; kind < CANTIGA_N_CARD_KINDS; kind++)
    for (guint i = 0; i < survey->found->len; i++)
      {
        CantigaFound *found = g_ptr_array_index (survey->found, i);

        if (found != NULL && found->kind == kind && !is_there (ordered, found->certificate))
          g_ptr_array_add (ordered, g_steal_pointer (&g_ptr_array_index (survey->found, i)));
      }
  g_ptr_array_unref (survey->found);
  survey->found = ordered;
}

static void
survey_all (CantigaSurvey *survey, GPtrArray *modules)
{
  survey->state = CANTIGA_CARD_STATE_NO_READER;
  for (guint i = 0; i < modules->len; i++)
    survey_module_twice (survey, g_ptr_array_index (modules, i));
}

/* OpenSC keeps showing the reader of a pcscd that is gone, empty. */
static void
doubt_readers (CantigaSurvey *survey, GPtrArray *modules)
{
  if (cantiga_service_ask () == CANTIGA_CARD_STATE_NO_MODULE)
    return;
  for (guint i = 0; i < modules->len; i++)
    cantiga_module_restart (g_ptr_array_index (modules, i));
  survey_all (survey, modules);
}

CantigaSurvey *
cantiga_survey_take (GPtrArray *modules)
{
  CantigaSurvey *survey = g_new0 (CantigaSurvey, 1);

  survey->found = g_ptr_array_new_with_free_func ((GDestroyNotify)cantiga_found_free);
  survey_all (survey, modules);
  if (survey->found->len == 0 && survey->state == CANTIGA_CARD_STATE_NO_CARD)
    doubt_readers (survey, modules);
  put_in_order (survey);
  if (survey->found->len > 0)
    survey->state = ((CantigaFound *)g_ptr_array_index (survey->found, 0))->state;
  else if (survey->state == CANTIGA_CARD_STATE_NO_READER)
    survey->state = modules->len > 0 ? cantiga_service_ask () : CANTIGA_CARD_STATE_NO_MODULE;
  return survey;
}

CantigaSurvey *
cantiga_survey_take_one (CantigaModule *module)
{
  CantigaSurvey *survey = g_new0 (CantigaSurvey, 1);

  survey->found = g_ptr_array_new_with_free_func ((GDestroyNotify)cantiga_found_free);
  survey->state = CANTIGA_CARD_STATE_NO_READER;
  survey_module_twice (survey, module);
  put_in_order (survey);
  if (survey->found->len > 0)
    survey->state = ((CantigaFound *)g_ptr_array_index (survey->found, 0))->state;
  return survey;
}

void
cantiga_survey_free (CantigaSurvey *survey)
{
  g_ptr_array_unref (survey->found);
  g_free (survey);
}

CantigaFound *
cantiga_survey_find (CantigaSurvey *survey, const char *uri)
{
  for (guint i = 0; i < survey->found->len; i++)
    {
      CantigaFound *found = g_ptr_array_index (survey->found, i);

      if (g_str_equal (found->uri, uri))
        return found;
    }
  return NULL;
}
