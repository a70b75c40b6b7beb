// Whether there is a session, as the page itself says. It does not know of one where a link from elsewhere opened it.

export function isSignedIn(): boolean {
  return document.querySelector<HTMLMetaElement>('meta[name=signed-in]')?.content === 'yes'
}
