/** The user's estates, asked for once. */

import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import { places, type Estate } from '../crm/homes'
import type { Language } from '../i18n'

export const usePlaces = defineStore('places', () => {
  const estates = shallowRef<readonly Estate[]>([])

  async function load(): Promise<void> {
    if (estates.value.length === 0) estates.value = await places()
  }

  function name(estate: Estate, language: Language): string {
    return language === 'en' ? (estate.name_en ?? estate.name) : estate.name
  }

  function word(id: number | null, language: Language): string {
    const found = estates.value.find((estate) => estate.estate_id === id)
    return found ? name(found, language) : ''
  }

  function forget(): void {
    estates.value = []
  }

  return { estates, load, name, word, forget }
})
