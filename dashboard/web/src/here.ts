/** An answer that comes when whoever asked has left: they are at something else, and are not pulled back. */

import { getCurrentScope, onScopeDispose } from 'vue'
import { open } from './route'

export interface Here {
  /** The page, or the part of it, is still shown. */
  still(): boolean
  /** To an address of ours, by who is still here. */
  open(address: string): void
}

/** Outside of a component nobody can leave. */
export function useHere(): Here {
  let left = false
  if (getCurrentScope()) {
    onScopeDispose(() => {
      left = true
    })
  }
  return {
    still: () => !left,
    open: (address) => {
      if (!left) open(address)
    },
  }
}
