import { createPinia } from 'pinia'
import { createApp } from 'vue'
import App from './App.vue'
import { i18n, show } from './i18n'
import './styles/tokens.css'
import './styles/page.css'
import './styles/desk.css'
import './styles/storm.css'

show(i18n.global.locale.value)
createApp(App).use(createPinia()).use(i18n).mount('#app')
