/* The program: one instance, its window, its actions, what it is called with. Thread: main, as everything in src/ui. */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define CANTIGA_APPLICATION_ID "io.github.cantiga.Cantiga"
#define CANTIGA_RESOURCES "/io/github/cantiga/Cantiga/"

#define CANTIGA_TYPE_APPLICATION (cantiga_application_get_type ())
G_DECLARE_FINAL_TYPE (CantigaApplication, cantiga_application, CANTIGA, APPLICATION, AdwApplication)

CantigaApplication *cantiga_application_new (void);

G_END_DECLS
