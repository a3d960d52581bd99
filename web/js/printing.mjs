/** Of the journals that can be printed, one. */

/** @param {string} name of the journal: its section has the class `of-NAME` */
export function printJournal(name) {
  document.documentElement.dataset.print = name;
  print();
}
