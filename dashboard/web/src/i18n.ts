/** The two languages; the choice is remembered on this machine. */

import { createI18n } from 'vue-i18n'
import en from './locales/en'
import zh from './locales/zh'

export const languages = ['zh', 'en'] as const
export type Language = (typeof languages)[number]

const KEY = 'sixring.language'
export const localeTag: Readonly<Record<Language, string>> = { zh: 'zh-CN', en: 'en' }

export function isLanguage(value: unknown): value is Language {
  return languages.some((language) => language === value)
}

/** What was chosen here before; null on a machine where nobody has chosen. */
export function rememberedLanguage(): Language | null {
  try {
    const value = localStorage.getItem(KEY)
    return isLanguage(value) ? value : null
  } catch {
    return null // storage is switched off: the choice lasts as long as the page
  }
}

export function remember(language: Language): void {
  try {
    localStorage.setItem(KEY, language)
  } catch {
    // see rememberedLanguage
  }
}

const browsers: Language = navigator.language.startsWith('zh') ? 'zh' : 'en'

export const i18n = createI18n({
  legacy: false,
  locale: rememberedLanguage() ?? browsers,
  fallbackLocale: 'en',
  messages: { zh, en },
})

export function show(language: Language): void {
  i18n.global.locale.value = language
  document.documentElement.lang = localeTag[language]
}
