/** What callers need to write and read the value of the configuration `notification`. */
export {
  eventNames,
  type NotificationRule,
  notificationRulesOf,
  notificationText,
} from '../catalog/notification-rules.js';
