/** Words of households' tags; the list is the site's own. */

import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import { tags as allTags, type Tag } from '../crm/homes'
import type { Language } from '../i18n'

export const useTags = defineStore('tags', () => {
  const tags = shallowRef<readonly Tag[]>([])

  async function load(): Promise<void> {
    if (tags.value.length === 0) tags.value = await allTags()
  }

  function word(code: string, language: Language): string {
    return tags.value.find((tag) => tag.code === code)?.[language] ?? code
  }

  function forget(): void {
    tags.value = []
  }

  return { tags, load, word, forget }
})
